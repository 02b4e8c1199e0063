"""`stoa devices`, `encoders`, `doctor`, `sync`: what is here and what works, as a table or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from studio.media.errors import StoaError
from studio.media.home import stoa_home


def devices(as_json: bool) -> int:
    """Everything that is plugged in, and what kept Stoa from looking."""
    from studio.device.enumeration import enumerate_all

    found = enumerate_all()
    if as_json:
        _print_json(found)
        return 0
    rows = [("camera", f"camera:{item.id}", item.name, item.identity) for item in found.cameras]
    rows += [
        ("system sound" if item.is_monitor else "microphone", f"mic:{item.id}", item.name, item.identity)
        for item in found.microphones
    ]
    rows += [("screen", f"screen:{item.id}", item.name, f"{item.width_px}x{item.height_px}") for item in found.screens]
    rows += [("window", f"window:{item.id}", item.title, item.application) for item in found.windows]
    _print_table(("what", "SPEC", "name", ""), rows)
    for obstacle in found.obstacles:
        sys.stdout.write(f"{obstacle.about}: {obstacle.words} {obstacle.remedy}\n")
    return 0


def encoders(as_json: bool) -> int:
    """Every encoder: listed, works, or why not. Tries those that were never tried."""
    from encoders.findings import Findings
    from studio.engine.probe import probe_all

    findings = Findings(stoa_home() / "encoders.json")
    missing = findings.missing()
    if missing:
        results = probe_all(missing)
        try:
            findings.remember(results)
        except OSError:
            sys.stderr.write("stoa encoders: what was found could not be kept; it is tried again next time.\n")
    if as_json:
        _print_json(findings.rows())
        return 0
    rows = [
        (row.name, row.codec, "works" if row.works else "no", ("chosen by auto. " if row.chosen else "") + row.why)
        for row in findings.rows()
    ]
    _print_table(("encoder", "codec", "", ""), rows)
    return 0


def doctor(as_json: bool) -> int:
    """What works, and the remedy for what does not. 1 where something that Stoa needs is missing."""
    from encoders.findings import Findings
    from studio.device.checkup import Check, check_machine

    home = stoa_home()
    checks = check_machine(home)
    chosen = Findings(home / "encoders.json").automatic()
    checks.append(Check("Encoder", True, f"auto takes {chosen}"))
    if as_json:
        _print_json(checks)
    else:
        rows = [(check.what, "ok" if check.ok else "no", check.words, check.remedy) for check in checks]
        _print_table(("what", "", "", "remedy"), rows)
    return 0 if all(check.ok or not check.needed for check in checks) else 1


def sync(what: str, as_json: bool) -> int:
    """Sound against picture. 1 where the recording has no flashes or beeps to measure by."""
    from studio.monitor.sync import measure

    try:
        result = measure(what)
    except StoaError as error:
        sys.stderr.write(f"stoa sync: {error}\n")
        return 2 if error.permanent else 1
    if as_json:
        _print_json(result)
    else:
        sys.stdout.write(f"{result.words}\n")
    return 0


def _print_json(value: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.flush()


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    everything = [head, *rows]
    widths = [min(60, max(len(row[column]) for row in everything)) for column in range(len(head))]
    for row in everything:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
