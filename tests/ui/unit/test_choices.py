"""Who chooses for a source again is not told that the earlier choice gave way; who was overtaken by another is."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from studio.control.api import SourceReplace
from studio.media import ErrorKind, StoaError
from ui.show import Show

SUPERSEDED = StoaError(ErrorKind.CONFLICT, "A later choice for this source came first.")
BUSY = StoaError(ErrorKind.BUSY, "Another program uses it.")


class Engine:
    """Answers each choice as the test says."""

    closed = False

    def __init__(self) -> None:
        self.answers: dict[str, asyncio.Future[None]] = {}

    async def call(self, method: str, params: msgspec.Struct | None = None) -> Any:
        assert isinstance(params, SourceReplace)
        self.answers[params.spec] = asyncio.get_running_loop().create_future()
        await self.answers[params.spec]


async def choose(*choices: tuple[str, str, StoaError | None]) -> list[StoaError | None]:
    """All choices (source, spec, the engine's refusal) at once: what each is told."""
    show, engine = Show(), Engine()
    show.client = engine  # type: ignore[assignment]
    tasks = [asyncio.create_task(show.replace_source(SourceReplace(source, spec))) for source, spec, _ in choices]
    await asyncio.sleep(0)
    for _, spec, refusal in choices:
        if refusal is None:
            engine.answers[spec].set_result(None)
        else:
            engine.answers[spec].set_exception(refusal)
    told = await asyncio.gather(*tasks, return_exceptions=True)
    return [error if isinstance(error, StoaError) else None for error in told]


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ([("s1", "camera:a", SUPERSEDED), ("s1", "camera:b", None)], [None, None]),
        ([("s1", "camera:a", SUPERSEDED), ("s1", "camera:b", BUSY)], [None, BUSY]),
        ([("s1", "camera:a", BUSY), ("s1", "camera:b", None)], [BUSY, None]),
        ([("s1", "camera:a", SUPERSEDED), ("s2", "camera:b", None)], [SUPERSEDED, None]),
        ([("s1", "camera:a", SUPERSEDED)], [SUPERSEDED]),
    ],
)
def test_only_another_person_s_later_choice_is_told(
    choices: list[tuple[str, str, StoaError | None]], told: list[StoaError | None]
) -> None:
    assert asyncio.run(choose(*choices)) == told
