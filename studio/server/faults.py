"""What no request should end with: an exception that nobody expected, logged without what was worked on."""

from __future__ import annotations

import contextlib
import logging

from uvicorn.protocols.utils import ClientDisconnected

from studio.server.guard import App, Message, Receive, Scope, Send
from studio.server.mishap import at_length

INTERNAL_ERROR = 1011
"""RFC 6455, 7.4.1."""
log = logging.getLogger(__name__)


class Faults:
    """An ASGI application around the real one, so that the web server's own log never sees such an exception."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = False

        async def sending(message: Message) -> None:
            nonlocal accepted
            await send(message)
            accepted |= message["type"] == "websocket.accept"

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnected:  # the web server knows of it
            raise
        except Exception as error:  # a request was answered with 500 by then, and so is a WebSocket before it is open
            log.error("a request failed: %s", at_length(error))
            if accepted:
                with contextlib.suppress(Exception):  # it may be closed
                    await send({"type": "websocket.close", "code": INTERNAL_ERROR})
