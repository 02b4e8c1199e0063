"""What is asked again and again: the newest answer is shown, whichever comes last."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

import ui.asked
from studio.media import ErrorKind, StoaError
from studio.session import SessionClient
from ui.asked import Asked

HERE = cast(SessionClient, object())


class Server:
    """Answers when it is told to, each question with its number."""

    def __init__(self) -> None:
        self.questions: list[asyncio.Future[int]] = []
        self.shown: list[int] = []
        self.here: object = HERE
        self.asked = Asked(self.answer, lambda _, answer: self.shown.append(answer), lambda client: client is self.here)

    def answer(self, _client: SessionClient) -> asyncio.Future[int]:
        self.questions.append(asyncio.get_running_loop().create_future())
        return self.questions[-1]

    async def ask(self, times: int) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.asked.ask(HERE)) for _ in range(times)]
        while len(self.questions) < times:
            await asyncio.sleep(0)
        return tasks


async def test_an_answer_that_was_overtaken_is_not_shown() -> None:
    server = Server()
    tasks = await server.ask(3)
    for number in (1, 0, 2):
        server.questions[number].set_result(number)
        await tasks[number]
    assert server.shown == [1, 2]


async def test_a_failure_is_not_shown_and_the_next_answer_is() -> None:
    server = Server()
    tasks = await server.ask(2)
    server.questions[1].set_exception(StoaError(ErrorKind.LOST, "The line is lost."))
    server.questions[0].set_result(0)
    await asyncio.gather(*tasks)
    assert server.shown == [0]


async def test_who_is_somewhere_else_by_then_sees_nothing_of_it() -> None:
    server = Server()
    tasks = await server.ask(1)
    server.here = None
    server.questions[0].set_result(0)
    await asyncio.gather(*tasks)
    await server.asked.ask(cast(Any, HERE))
    assert server.shown == [] and len(server.questions) == 1


async def test_it_is_asked_again_and_again_until_another_session_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.asked, "AGAIN_AFTER_S", 0.0)
    server = Server()
    asking = asyncio.create_task(server.asked.again_and_again(HERE))
    for number in range(3):
        while len(server.questions) <= number:
            await asyncio.sleep(0)
        server.here = HERE if number < 2 else None
        server.questions[number].set_result(number)
    await asking
    assert server.shown == [0, 1] and len(server.questions) == 3
