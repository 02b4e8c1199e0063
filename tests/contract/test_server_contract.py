"""The lines between session server, pages, studio and router: pinned names, and messages that survive their pipe."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from studio.server import router_pipe
from studio.server.api import CommandRequest, JoinRequest
from studio.server.messages import CLIENT_MESSAGE, CommandAction, Envelope, EventType, Outcome, Sender, SessionState
from studio.server.rights import MATRIX, Right, Role
from studio.server.router_pipe import PeopleToRouter, RouterToPeople

SAMPLES: dict[str, Any] = {
    "str": "text",
    "int": 7,
    "bool": True,
    "float": 0.5,
    "tuple[str, ...]": ("127.0.0.1",),
    "tuple[MediaKind, ...]": (router_pipe.MediaKind.AUDIO,),
    "Picture": router_pipe.Picture.SCREEN,
    "GrantEnds": router_pipe.GrantEnds(1, 2, 3, 4),
    "Direction": router_pipe.Direction.PUBLISH,
    "MediaKind": router_pipe.MediaKind.VIDEO,
    "EndReason": router_pipe.EndReason.REMOVED,
    "tuple[ResourceState, ...]": (
        router_pipe.ResourceState(
            "r", router_pipe.Direction.PUBLISH, "s", "p", "t", True, (router_pipe.MediaKind.AUDIO,)
        ),
    ),
    "tuple[ResourceQuality, ...]": (
        router_pipe.ResourceQuality("r", "s", "p", router_pipe.Direction.SUBSCRIBE, None, 0.5, 3, 2500.0, 0.4),
    ),
}


def sample(kind: type[msgspec.Struct]) -> msgspec.Struct:
    return kind(**{field: SAMPLES[kind.__annotations__[field]] for field in kind.__struct_fields__})


@pytest.mark.parametrize("line", [PeopleToRouter, RouterToPeople], ids=["people to router", "router to people"])
def test_every_message_of_the_pipe_comes_out_as_it_went_in(line: Any) -> None:
    for kind in typing.get_args(line):
        message = sample(kind)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=line) == message


def test_no_two_messages_of_the_pipe_share_a_tag() -> None:
    kinds = typing.get_args(PeopleToRouter) + typing.get_args(RouterToPeople)
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)


def test_the_pinned_names_are_there() -> None:
    assert [role.value for role in Role] == ["owner", "admin", "director", "broadcaster", "guest", "viewer"]
    pinned = {"chat.message", "presence.joined", "presence.left", "session.state", "notice", "command", "command.done"}
    assert pinned <= {kind.value for kind in EventType}
    actions = {"mute_audio", "unmute_audio", "mute_video", "unmute_video", "stop", "kick", "announce"}
    actions |= {"promote", "demote", "ban", "record_start", "record_stop", "lock", "end"}
    assert actions <= {action.value for action in CommandAction}
    assert {outcome.value for outcome in Outcome} == {"done", "already", "refused", "failed"}
    assert {state.value for state in SessionState} == {"waiting", "live", "ended"}


def test_an_envelope_has_the_pinned_fields() -> None:
    envelope = Envelope(
        seq=1, id="a", type=EventType.CHAT_MESSAGE, at="t", sender=Sender(id="p", name="Ann", role=Role.VIEWER), data={}
    )
    assert list(envelope.model_dump(mode="json")) == ["seq", "id", "type", "at", "from", "data"]
    assert list(envelope.model_dump(mode="json")["from"]) == ["id", "name", "role"]


def test_every_right_has_a_row_and_every_command_a_right() -> None:
    assert set(MATRIX) == set(Right)
    assert {action.value for action in CommandAction} <= {right.value for right in Right}


def test_what_a_command_says_is_of_its_type() -> None:
    good = {"id": "12345678", "action": "ban", "target": "p_1", "seconds": 600}
    assert CommandRequest.model_validate(good).seconds == 600
    for wrong in ({"seconds": -1}, {"seconds": "600"}, {"seconds": 10**9}, {"role": "king"}, {"to": "viewers"}):
        with pytest.raises(ValidationError):
            CommandRequest.model_validate({**good, **wrong})


def test_a_request_with_a_field_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        JoinRequest.model_validate({"invite": "a", "name": "b", "role": "admin"})
    with pytest.raises(ValidationError):
        CommandRequest.model_validate({"id": "12345678", "action": "dismiss"})
    with pytest.raises(ValidationError):
        CLIENT_MESSAGE.validate_json('{"type": "chat.message", "id": "12345678", "data": {"text": "forged"}}')
