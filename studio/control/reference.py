"""Writes docs/control-api.md from the types: `python -m studio.control.reference > docs/control-api.md`."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import msgspec

from encoders.findings import EncoderRow
from studio.control import api
from studio.device.checkup import Check
from studio.device.inventory import Devices
from studio.monitor.sync import SyncReport

HEAD = """\
# The control API

Made from `studio/control/api.py` by `python -m studio.control.reference`; a test holds the two together.

JSON-RPC 2.0 over a WebSocket at `ws://127.0.0.1:PORT/control`. `$STOA_HOME/run/engine-PID.json` has the port and the
token, which comes as `Authorization: Bearer …` or as `{"token": …}` in the first message. Browsers are refused. An
error is `{code, message, data: {kind, remedy, permanent}}`. From a shell:
`stoa ctl METHOD [JSON]` (`-` reads the JSON from standard input).
"""
REPORTS = {
    "stoa devices --json": Devices,
    "stoa encoders --json": list[EncoderRow],
    "stoa doctor --json": list[Check],
    "stoa sync --json": SyncReport,
}


def reference() -> str:
    """The whole page."""
    parts = [HEAD, "## Methods\n"]
    for method in api.METHODS.values():
        parts.append(f"### `{method.name}`\n\n{method.words}\n")
        parts.append(f"Takes {_link(method.params)}, gives {_link(method.result)}.\n")
    parts.append("## Events\n\nNotifications `event` with an [`Event`](#event):\n")
    parts += [f"- `{kind.value}`" for kind in api.EventType]
    parts.append("\n## Types\n")
    types = [value for value in vars(api).values() if _is_struct(value)]
    parts += [_type(struct) for struct in types]
    parts.append("## What the command line prints\n")
    for words, kind in REPORTS.items():
        schema = msgspec.json.format(msgspec.json.encode(msgspec.json.schema(kind)), indent=1).decode()
        parts.append(f"### `{words}`\n\n```json\n{schema}\n```\n")
    return "\n".join(parts)


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not api.Params


def _link(struct: type[msgspec.Struct]) -> str:
    if struct is api.Nothing:
        return "nothing"
    return f"[`{struct.__name__}`](#{struct.__name__.lower()})"


def _type(struct: type[msgspec.Struct]) -> str:
    words = " ".join((inspect.getdoc(struct) or "").split())
    lines = [f"### {struct.__name__}\n"]
    if words and not words.startswith(f"{struct.__name__}("):
        lines.append(f"{words}\n")
    fields = msgspec.structs.fields(struct)
    if fields:
        lines.append("| field | type | default |\n|---|---|---|")
        for field in fields:
            lines.append(f"| `{field.name}` | `{_type_words(field.type)}` | {_default(field)} |")
        lines.append("")
    return "\n".join(lines)


def _type_words(kind: Any) -> str:
    text = kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", None) else str(kind)
    return text.replace("studio.control.api.", "").replace("typing.", "").replace("|", "\\|")


def _default(field: Any) -> str:
    if field.default is not msgspec.NODEFAULT:
        value = field.default
        return f"`{msgspec.json.encode(value).decode()}`"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(field.default_factory()).decode()}`"
    return "needed"


if __name__ == "__main__":
    sys.stdout.write(reference())
