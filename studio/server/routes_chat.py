"""The chat by HTTP: history, search, rules, and the same messages as over the WebSocket."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from studio.server import chat_view
from studio.server.api import Accepted, ChatRequest, History
from studio.server.chat_messages import AnyChatMessage, Channel, ChatRulesData
from studio.server.chat_moderation import full_rules
from studio.server.chat_say import rules_of
from studio.server.record import Transaction
from studio.server.rights import Right
from studio.server.signed_in import caller_in, house_of

router = APIRouter(prefix="/api/v1/sessions")
Limit = Annotated[int, Query(ge=1, le=500)]
Place = Annotated[int, Query(ge=0, le=2**53)]
Search = Annotated[str, Query(max_length=100)]
With = Annotated[str, Query(alias="with", max_length=64)]
Message = Annotated[AnyChatMessage, Body(discriminator="type")]


@router.get("/{session}/chat")
async def history(
    request: Request,
    session: str,
    before: Place = 0,
    limit: Limit = 100,
    search: Search = "",
    channel: Channel | None = None,
    with_person: With = "",
) -> History:
    """Chat messages, oldest first; `before` leafs backwards. `with`: the private ones with that person."""
    caller = await caller_in(request, session)

    def work(transaction: Transaction) -> History:
        return chat_view.history(
            transaction,
            caller,
            session,
            before=before,
            limit=limit,
            search=search,
            channel=channel,
            with_person=with_person,
        )

    return await house_of(request).record.run(work)


@router.post("/{session}/chat")
async def say(request: Request, session: str, body: ChatRequest) -> Accepted:
    """Send a chat message to everyone."""
    caller = await caller_in(request, session)
    return await house_of(request).chat.say(caller, session, body.id, body.text)


@router.get("/{session}/chat/rules")
async def rules(request: Request, session: str) -> ChatRulesData:
    """All rules of the chat, with the words of the filter and the host's commands. Moderators."""
    caller = await caller_in(request, session)
    caller.require(Right.CHAT_MODERATE)
    return await house_of(request).record.run(lambda transaction: full_rules(rules_of(transaction, session)))


@router.post("/{session}/messages")
async def take(request: Request, session: str, body: Message) -> Accepted:
    """A message of the chat as it would go over the WebSocket: `{type, id, data}`."""
    caller = await caller_in(request, session)
    return await house_of(request).chat.take(caller, session, body)
