"""The audit log in the window: read, filtered, followed and saved, on a real server."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PySide6.QtGui import QGuiApplication

from studio.server.messages import CommandAction, SessionState
from studio.server.rights import Role
from studio.server.schedule_api import ShowState
from tests.fakes.house_thread import HouseThread
from tests.fakes.server_house import OWNER_TOKEN, Place
from tests.ui.conftest import Driver
from tests.ui.desks import attend
from ui.audit_words import ACTIONS, KINDS, OUTCOMES, action_words
from ui.dialogs.audit import AuditDialog

EVERYTHING = 3
"""The place of "From the beginning": the server's clock in these tests is not this machine's."""


def begin(studio: Driver, house: HouseThread, role: Role = Role.OWNER, bearer: str = OWNER_TOKEN) -> None:
    attend(studio, house, role, bearer)
    studio.press("Ctrl+6", studio.window)


def opened(studio: Driver) -> AuditDialog:
    studio.click(studio.window.people.more)
    studio.choose("Audit log")
    dialog = studio.dialog(AuditDialog)
    dialog.span.setCurrentIndex(EVERYTHING)
    return dialog


def listed(dialog: AuditDialog) -> list[tuple[str, ...]]:
    model = dialog.lines
    return [
        tuple(model.data(model.index(row, column)) for column in range(1, model.columnCount()))
        for row in range(model.rowCount())
    ]


async def _lin_is_removed(place: Place) -> None:
    eva, lin = await place.join("Eva", "admin"), await place.join("Lin")
    assert (await eva.command("kick", lin.id, text="Spam")).status_code == 200
    refused = await (await place.join("Tom")).command("kick", eva.id)
    assert refused.json()["right"] == "kick"


def test_a_host_reads_what_the_admins_did_and_looks_for_one_person(studio: Driver, house: HouseThread) -> None:
    house.do(_lin_is_removed)
    begin(studio, house)
    dialog = opened(studio)
    studio.until(lambda: ("Eva", "Remove", "Lin") in [line[:3] for line in listed(dialog)], "the removal")
    lines = listed(dialog)
    assert lines[0][:2] == ("Tom", "Remove"), "the newest on top"
    assert lines[0][3] == "Refused: As a viewer you may not remove people."
    assert not any("_" in what or "." in what for _, what, *_ in lines), "words of people"
    dialog.outcome.setCurrentIndex([key for key, _ in OUTCOMES].index("refused"))
    studio.until(lambda: len(listed(dialog)) == 1, "the refused one alone")
    dialog.outcome.setCurrentIndex(0)
    studio.type("lin", dialog.person)
    studio.until(lambda: {line[0] for line in listed(dialog)} == {"Lin", "Eva", "Stoa"}, "by whom and of whom")
    dialog.kind.setCurrentIndex([key for key, _ in KINDS].index("kick"))
    studio.until(lambda: [line[:3] for line in listed(dialog)] == [("Eva", "Remove", "Lin")], "the removal alone")
    dialog.table.selectRow(0)
    assert "Eva (Admin) · Remove · Lin" in dialog.said.text() and "Spam" in dialog.said.text()
    studio.press("Ctrl+C", dialog.table)
    assert QGuiApplication.clipboard().text() == dialog.said.text()


def test_what_happens_meanwhile_comes_on_top(studio: Driver, house: HouseThread) -> None:
    begin(studio, house)
    dialog = opened(studio)
    studio.until(lambda: dialog.empty.isVisible() and dialog.empty._words.text() == "Nothing like this", "empty")
    assert not dialog.save.isEnabled()
    house.do(_lin_is_removed)
    studio.room.people_changed.emit()
    studio.until(lambda: len(listed(dialog)) >= 4, "listed")
    before = len(listed(dialog))
    house.do(lambda place: place.join("Mia"))
    studio.room.people_changed.emit()
    studio.until(lambda: len(listed(dialog)) > before, "one more")
    assert listed(dialog)[0][:2] == ("Mia", "Came in") and len({tuple(line) for line in listed(dialog)}) >= before


def test_the_filtered_lines_are_saved_as_csv(studio: Driver, house: HouseThread, tmp_path: Path) -> None:
    house.do(_lin_is_removed)
    begin(studio, house)
    dialog = opened(studio)
    dialog.kind.setCurrentIndex([key for key, _ in KINDS].index("kick"))
    studio.until(lambda: len(listed(dialog)) == 2, "done and refused")
    dialog.save_to(tmp_path / "nowhere" / "log.csv")
    studio.until(lambda: "cannot be written" in dialog.problem, "why not")
    dialog.save_to(tmp_path / "log.csv")
    studio.until(lambda: dialog.said.text().startswith("Saved in"), "saved")
    assert not dialog.problem
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text(encoding="utf-8"))))
    assert [(row["actor_name"], row["action"], row["outcome"]) for row in rows] == [
        ("Eva", "kick", "effective"),
        ("Tom", "kick", "refused"),
    ]


def test_who_may_not_read_it_is_not_offered_it_and_a_refusal_is_said(studio: Driver, house: HouseThread) -> None:
    begin(studio, house, Role.DIRECTOR)
    assert "Audit log…" not in [action.text() for action in studio.window.people._orders.of_session().actions()]
    viewer = house.do(lambda place: place.join("Lin"))
    begin(studio, house, Role.ADMIN, viewer.bearer)
    dialog = opened(studio)
    studio.until(lambda: dialog.problem, "why not")
    assert dialog.problem.startswith("As a viewer you may not read the audit log.")
    assert dialog.empty._words.text() == "The log is not there"


def test_every_command_and_state_has_words() -> None:
    named = {action.value for action in CommandAction} | {f"session.{state.value}" for state in SessionState}
    named |= {f"show.{state.value}" for state in ShowState}
    assert named <= set(ACTIONS)
    assert action_words("brand_new.thing") == "Brand new thing"
