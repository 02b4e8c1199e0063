"""Writes docs/reference/events.md from the types: `python -m studio.server.event_document > FILE`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel

from studio.server import chat_messages, messages
from studio.server.error_codes import ErrorBody
from studio.server.messages import AnyClientMessage, CloseCode, EventType
from studio.server.quality_words import QualityTold

HEAD = """\
# The WebSocket of a session

Made from `studio/server/messages.py` and `studio/server/chat_messages.py` by `python -m studio.server.event_document`;
a test holds them together. What is asked by HTTP stands in `/openapi.json`, which the server serves; who may do what in
[rights.md](rights.md), how long in [grants.md](grants.md).
"""
TOLD: dict[EventType, type[BaseModel] | None] = {
    EventType.CHAT_MESSAGE: chat_messages.ChatMessage,
    EventType.CHAT_DELETED: chat_messages.ChatDeleted,
    EventType.CHAT_REACTION: chat_messages.ChatReaction,
    EventType.CHAT_PINNED: chat_messages.ChatPinned,
    EventType.CHAT_RULES: chat_messages.ChatRules,
    EventType.CHAT_HELD: chat_messages.ChatHeld,
    EventType.CHAT_DECIDED: chat_messages.ChatDecided,
    EventType.CHAT_MUTED: chat_messages.ChatMuted,
    EventType.HAND: chat_messages.Hand,
    EventType.POLL: chat_messages.Poll,
    EventType.TYPING: chat_messages.Typing,
    EventType.QUALITY: QualityTold,
    EventType.PRESENCE_JOINED: messages.Presence,
    EventType.PRESENCE_LEFT: messages.Presence,
    EventType.PERSON_CHANGED: messages.PersonChange,
    EventType.SESSION_STATE: messages.StateChange,
    EventType.NOTICE: messages.Notice,
    EventType.GRANT: messages.GrantTold,
    EventType.COMMAND: messages.Command,
    EventType.COMMAND_DONE: messages.CommandDone,
    EventType.SCHEDULE_CHANGED: messages.ScheduleChange,
    EventType.WELCOME: messages.Welcome,
    EventType.ACK: messages.Ack,
    EventType.ERROR: ErrorBody,
    EventType.PONG: None,
}
"""What `data` of each holds; None for nothing."""


def document() -> str:
    """The whole page."""
    parts = [HEAD, *(_paragraphs(module) for module in (messages, chat_messages))]
    parts.append("## Told by the server\n\nThe envelope is an `Envelope`; its `data` by `type`:\n")
    parts.append("| type | data |\n|---|---|")
    parts += [f"| `{kind.value}` | {f'`{data.__name__}`' if data else 'nothing'} |" for kind, data in TOLD.items()]
    parts.append("\n## Asked by a client\n\n| type | data |\n|---|---|")
    asked = {name: data for message in get_args(AnyClientMessage) for name, data in _asked(message)}
    parts += [f"| `{name}` | `{data.__name__}` |" for name, data in asked.items()]
    parts.append("\n## Close codes\n\n| code | name |\n|---|---|")
    parts += [f"| {code.value} | {code.name.lower()} |" for code in CloseCode]
    parts.append("\n## Types\n")
    parts += _types([messages.Envelope, *(data for data in TOLD.values() if data), *asked.values()])
    return "\n".join(parts).rstrip() + "\n"


def _paragraphs(module: Any) -> str:
    """The words at the head of a module, without its first line, indented tables as they stand."""
    return "\n".join((inspect.getdoc(module) or "").splitlines()[1:]).strip() + "\n"


def _asked(message: type[BaseModel]) -> Iterable[tuple[str, type[BaseModel]]]:
    fields = message.model_fields
    data = fields["data"].annotation
    assert isinstance(data, type)
    return [(name, data) for name in get_args(fields["type"].annotation)]


def _types(models: Iterable[type[BaseModel]]) -> list[str]:
    """Each type once, with those that it holds."""
    found: dict[str, dict[str, Any]] = {}
    for model in models:
        schema = model.model_json_schema()
        for name, inner in schema.pop("$defs", {}).items():
            found.setdefault(name, inner)
        found.setdefault(model.__name__, schema)
    return [_type(name, found[name]) for name in sorted(found)]


def _type(name: str, schema: dict[str, Any]) -> str:
    lines = [f"### {name}\n"]
    if words := " ".join(schema.get("description", "").split()):
        lines.append(f"{words}\n")
    if "enum" in schema:
        lines.append(", ".join(f"`{value}`" for value in schema["enum"]) + "\n")
    if fields := schema.get("properties"):
        needed = schema.get("required", ())
        lines.append("| field | type | |\n|---|---|---|")
        for field, one in fields.items():
            lines.append(f"| `{field}` | {_words(one)} | {'needed' if field in needed else _default(one)} |")
        lines.append("")
    return "\n".join(lines)


def _default(schema: dict[str, Any]) -> str:
    return f"`{schema['default']!r}`" if "default" in schema else ""


def _words(schema: dict[str, Any]) -> str:
    """A type in words, with its limits."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return " or ".join(_words(one) for one in choices)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = str(schema.get("type", "anything"))
    limits = [
        f"{key} {schema[key]}" for key in ("minimum", "maximum", "minLength", "maxLength", "maxItems") if key in schema
    ]
    if kind == "array" and "items" in schema:
        kind = f"array of {_words(schema['items'])}"
    elif kind == "object" and isinstance(inner := schema.get("additionalProperties"), dict):
        kind = f"object of {_words(inner)}"
    return kind + (f" ({', '.join(limits)})" if limits else "")


if __name__ == "__main__":
    sys.stdout.write(document())
