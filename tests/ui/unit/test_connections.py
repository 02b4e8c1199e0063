"""What the window keeps of how people's media do."""

from __future__ import annotations

from studio.session.messages import ConnectionQuality, Person, QualityOf, QualityTold, StreamQuality
from ui.connections import after, of_people
from ui.room import Connection

STREAM = StreamQuality(2500, 0.0, 0)
WATCHES = ConnectionQuality("good", 42, None, STREAM, "Good connection.")
SENDS = ConnectionQuality("poor", 242, STREAM, None, "Poor connection.")


def person(id: str, quality: ConnectionQuality | None) -> Person:
    return Person(id, id, "viewer", True, "2026-11-21T12:00:00Z", quality=quality)


def test_the_list_tells_all_that_is_known() -> None:
    found = of_people([person("a", WATCHES), person("b", None), person("c", SENDS)])
    assert found == {
        "a": Connection("good", "Good connection.", watches=True),
        "c": Connection("poor", "Poor connection.", watches=False),
    }


def test_news_changes_only_whom_it_is_about() -> None:
    before = of_people([person("a", WATCHES), person("c", SENDS)])
    told = QualityTold((QualityOf("a", SENDS), QualityOf("c", None), QualityOf("d", WATCHES), QualityOf("e", None)))
    assert {id: one.word for id, one in after(before, told).items()} == {"a": "poor", "d": "good"}
    assert {id: one.word for id, one in before.items()} == {"a": "good", "c": "poor"}, (
        "what was told before stays as it was"
    )
