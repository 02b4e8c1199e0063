"""A device that goes is told of once, however often that is noticed, and in the same words by every kind of device."""

from __future__ import annotations

from studio.media import ErrorKind
from studio.source.loss import Loss, not_let_go, unplugged


class Outlet:
    """What a loss needs of an outlet."""

    def __init__(self) -> None:
        self.words = "the picture has not changed for 3 s"
        self.faults: list[str] = []

    def fault(self, error: Exception) -> None:
        self.faults.append(str(error))


def test_a_loss_is_told_once_until_it_is_over() -> None:
    outlet = Outlet()
    loss = Loss(outlet)  # type: ignore[arg-type]
    for _ in range(3):
        loss.tell(unplugged("The camera Eye"))
    assert loss.lasts and outlet.words == ""
    loss.over()
    loss.tell(unplugged("The camera Eye"))
    assert outlet.faults == [str(unplugged("The camera Eye"))] * 2


def test_the_words_say_what_helps() -> None:
    error = unplugged("The microphone Røde NT-USB")
    assert error.kind is ErrorKind.LOST and not error.permanent
    assert str(error) == (
        "The microphone Røde NT-USB was unplugged. Plug it in again: it comes back by itself. Or choose another."
    )
    assert not_let_go("Eye", "The driver").message == "The driver does not let go of Eye; it is opened afresh."
