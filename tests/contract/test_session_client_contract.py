"""The client of a session knows the server's messages field by field, without importing the server."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from studio.server import api, chat_messages, quality_words, schedule_api
from studio.server import messages as server
from studio.session import chat_messages as client_chat
from studio.session import messages as client

SAME = [
    *(
        (getattr(server, name), getattr(client, name))
        for name in (
            "Sender",
            "ChatMessage",
            "ChatDeleted",
            "ChatReaction",
            "ChatPinned",
            "ChatRules",
            "ChatHeld",
            "ChatDecided",
            "ChatMuted",
            "Hand",
            "Poll",
            "Typing",
            "Presence",
            "ScheduleChange",
            "PersonChange",
            "StateChange",
            "Notice",
            "GrantTold",
            "Command",
            "CommandDone",
            "Welcome",
            "Envelope",
        )
    ),
    *(
        (getattr(quality_words, name), getattr(client, name))
        for name in ("StreamQuality", "ConnectionQuality", "QualityOf", "QualityTold")
    ),
    *(
        (getattr(api, name), getattr(client, name))
        for name in (
            "Person",
            "Me",
            "JoinAnswer",
            "Reactions",
            "ChatState",
            "SessionStatus",
            "PeopleList",
            "History",
            "Accepted",
            "Done",
            "Invite",
            "InviteList",
            "ShareChoice",
            "ShareStatus",
            "AuditEntry",
            "AuditList",
            "ErrorBody",
        )
    ),
    *((getattr(chat_messages, name), getattr(client_chat, name)) for name in ("ChatRulesData", "OwnCommand")),
    *(
        (getattr(schedule_api, name), getattr(client, name))
        for name in ("Host", "Show", "Schedule", "Time", "Plan", "PlanList")
    ),
]


@pytest.mark.parametrize(("told", "read"), SAME, ids=[read.__name__ for _, read in SAME])
def test_the_client_reads_every_field_that_the_server_tells(told: type[BaseModel], read: type[msgspec.Struct]) -> None:
    fields = {field.serialization_alias or name for name, field in told.model_fields.items()}
    assert {field.encode_name for field in msgspec.structs.fields(read)} == fields


def test_the_client_knows_every_type_of_the_record() -> None:
    direct = {server.EventType.ACK, server.EventType.ERROR, server.EventType.PONG}
    assert set(client.DATA_OF) == {kind.value for kind in server.EventType if kind not in direct}


def test_optional_fields_are_optional_on_both_sides() -> None:
    wrong: list[Any] = []
    for told, read in SAME:
        schema = told.model_json_schema(mode="serialization", by_alias=True)
        nullable = {name for name, about in schema["properties"].items() if {"type": "null"} in about.get("anyOf", [])}
        for field in msgspec.structs.fields(read):
            takes_none = type(None) in getattr(field.type, "__args__", ())
            if takes_none != (field.encode_name in nullable):
                wrong.append((read.__name__, field.encode_name))
    assert wrong == []
