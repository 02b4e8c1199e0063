"""Names, addresses and specs that look like markup: the window shows them as they are, in tooltips too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QListWidget, QToolTip, QWidget

from studio.control import api
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.line import Line
from ui.room import Presence, Someone
from ui.widgets.tip import plain_tip

HOSTILE = "<img src=/dev/zero width=400> Ann"
OURS = {"SHORTCUT", "live", "TIPS", "key", "pan_words", "strip", "value", "min", "max", "losses", "self"}
"""What tooltips may name without more ado: the window's own words, and numbers."""
UI = Path(__file__).parents[2] / "ui"


def seen(tip: str) -> str:
    """What Qt shows of a tooltip's text."""
    if not GuiQt.mightBeRichText(tip):
        return tip
    document = QTextDocument()
    document.setHtml(tip)
    return document.toPlainText().replace("\xa0", " ").replace("\u2028", "\n")


@pytest.mark.parametrize("words", [HOSTILE, "<b>x</b>\nsecond line", "a < b & c > d", "plain", ""])
def test_a_tooltip_shows_the_words_themselves(words: str) -> None:
    assert seen(plain_tip(words)) == words


def test_what_a_viewer_calls_herself_is_never_rendered(studio: Driver, engine: FakeEngine) -> None:
    studio.window.resize(1024, 640)
    studio.room.set_presence(Presence.JOINED)
    studio.room.set_rights(share=True, remove=True, invite_admins=True)
    studio.room.add_line(Line("1", HOSTILE, HOSTILE, "20:00", "viewer"))
    studio.room.set_people((Someone("v", HOSTILE, "viewer"),), 1)
    engine.show.source_add(api.SourceAdd("testcard", HOSTILE, place=True))
    engine.show.destination_add(api.DestinationAdd("rtmp://host/live/key", HOSTILE))
    studio.until(lambda: studio.window.destinations.rows and studio.show.sources, "they are there")
    studio.press("Ctrl+6", studio.window)
    studio.settle()
    tips = [widget.toolTip() for widget in studio.window.findChildren(QWidget) if "src=" in widget.toolTip()]
    tips += [
        found.item(row).toolTip() for found in studio.window.findChildren(QListWidget) for row in range(found.count())
    ]
    assert tips, "long names are told in tooltips"
    for tip in tips:
        assert "<img" in seen(tip) or not GuiQt.mightBeRichText(tip), tip
    for text in studio.window.findChildren(QLabel):
        shown = text.text().replace("\u200b", "")
        if "<img" in shown:
            assert text.textFormat() is Qt.TextFormat.PlainText, text
    QToolTip.showText(studio.window.pos(), next(tip for tip in tips if tip), studio.window)
    box = next(widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel"))
    assert isinstance(box, QLabel)
    assert HOSTILE.split("> ")[0] in seen(box.text())
    QToolTip.hideText()


def test_every_tooltip_is_either_ours_or_made_plain() -> None:
    bare = []
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setToolTip":
                told = ast.unparse(node.args[0])
                names = {part.id for part in ast.walk(node.args[0]) if isinstance(part, ast.Name)}
                if "plain_tip" not in told and not names <= OURS:
                    bare.append(f"{path.name}:{node.lineno}: {told}")
    assert bare == []
