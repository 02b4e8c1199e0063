"""Where the bundle's program begins: the same as the console command `stoa`, its children included (`--child KIND`)."""

import sys

from studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
