"""What the studio calls itself towards a session server, from which the list of people tells the device."""

from __future__ import annotations

import sys

from studio import __version__

SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
USER_AGENT = f"StoaStudio/{__version__} ({SYSTEMS.get(sys.platform, 'another system')})"
