"""`./dev bench [--short] [--json FILE] [NAME …]`: the figures, as a table and as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
import traceback
from pathlib import Path

from tests.benchmarks.bench import bench
from tests.benchmarks.figures import Figure

STUDIO = ("start_up", "live_cpu", "long_show", "whole_studio", "receivers")
PEOPLE = ("chat", "admin_hand", "people_killed", "joining")
NAMES = STUDIO + PEOPLE


def main() -> int:
    """Run what is named, all by default. 1 where a figure could not be measured; a missed limit is printed only."""
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (all)")
    parser.add_argument("--short", action="store_true", help="less time for each: to look at, not to quote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there too")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    failed = []
    logging.disable(logging.WARNING)
    with bench(short=given.short) as made:
        for name in given.names or NAMES:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                found = importlib.import_module(f"tests.benchmarks.{name}").measure(made)
            except Exception:
                traceback.print_exc()
                failed.append(name)
                continue
            figures += found
            for figure in found:
                print(figure.row(), file=sys.stderr, flush=True)
    print("\n".join(figure.row() for figure in figures))
    load = os.getloadavg()
    result = {
        "figures": [figure.as_json() for figure in figures],
        "failed": failed,
        "cores": os.cpu_count(),
        "load": load,
    }
    text = json.dumps(result)
    print(text)
    if given.json:
        given.json.write_text(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
