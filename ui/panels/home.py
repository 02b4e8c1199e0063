"""The next show: its countdown, what must be there for it, Go live from its time on, and what comes after it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui import words
from ui.agenda import Planned, countdown
from ui.checklist import Check, Mark, checks
from ui.panels.plans import PlanList
from ui.room import Presence, Room
from ui.show import Show
from ui.theme.icons import draw
from ui.theme.look import colour, look
from ui.theme.tokens import DISPLAY_PX
from ui.widgets.buttons import button
from ui.widgets.label import figures, label, set_tone
from ui.widgets.tip import plain_tip

TICK_MS = 500
DESCRIPTION_CHARACTERS = 240
LOOKS = {Mark.GOOD: ("check", "good"), Mark.WARN: ("warning", "warn"), Mark.BAD: ("warning", "danger")}
SPOKEN = {Mark.GOOD: "ready", Mark.WARN: "look at it", Mark.BAD: "missing"}


class _Sign(QWidget):
    """Green, yellow or red, and by its shape too."""

    def __init__(self) -> None:
        super().__init__()
        self.mark = Mark.BAD
        self.setFixedSize(QSize(18, 18))
        look.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        picture, tone = LOOKS[self.mark]
        draw(QPainter(self), picture, QRectF(self.rect()).adjusted(1, 1, -1, -1), colour(tone))


class CheckRow(QWidget):
    """One check of the list."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        self._sign = _Sign()
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(0)
        self._name = label("")
        self.words = label("", "small", wrap=True)
        column.addWidget(self._name)
        column.addWidget(self.words)
        row.addLayout(column, 1)

    def set(self, check: Check) -> None:
        """Show this one."""
        self._sign.mark = check.mark
        self._sign.update()
        self._name.setText(check.name)
        self.words.setText(check.words)
        set_tone(self.words, {Mark.WARN: "warn", Mark.BAD: "danger"}.get(check.mark, ""))
        self.setAccessibleName(f"{check.name}, {SPOKEN[check.mark]}: {check.words}")


class HomePanel(QWidget):
    """`go_live_wanted` asks the window."""

    go_live_wanted = Signal()

    def __init__(self, show: Show, room: Room) -> None:
        super().__init__()
        self._show, self._room = show, room
        self._rows: list[CheckRow] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(area)
        inside = QWidget()
        area.setWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        self._build_next(column)
        _rule(column)
        self.ready = label("", "heading")
        column.addWidget(self.ready)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column.addLayout(self._list)
        _rule(column)
        self.plans = PlanList(room)
        column.addWidget(self.plans)
        column.addStretch(1)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        for signal in (show.program_changed, show.sources_changed, show.scene_changed, show.strips_changed):
            signal.connect(self._refresh)
        for signal in (show.destinations_changed, show.recording_changed, show.session_changed, show.detached):
            signal.connect(self._refresh)
        show.strip_changed.connect(lambda _: self._refresh())
        for signal in (room.presence_changed, room.reach_changed, room.agenda.changed):
            signal.connect(self._refresh)
        self._refresh()

    def _build_next(self, column: QVBoxLayout) -> None:
        self.title = label("", "title", wrap=True)
        self.when = label("", "small", wrap=True)
        self.left = label("", "display")
        figures(self.left, DISPLAY_PX, 600)
        self.until = label("", "small", wrap=True)
        self.description = label("", "soft", wrap=True)
        self.hosts = label("", "small", wrap=True)
        self.go = button("Go live", "primary", icon_name="broadcast", on=self.go_live_wanted.emit)
        self.why = label("", "small", wrap=True)
        for each in (self.title, self.when, self.left, self.until, self.description, self.hosts, self.go, self.why):
            column.addWidget(each)

    # -- what is seen ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _refresh(self) -> None:
        if not self.isVisible():
            return  # it is looked at anew when it is shown
        found = checks(self._show, self._room)
        while len(self._rows) < len(found):
            self._rows.append(CheckRow())
            self._list.addWidget(self._rows[-1])
        for at, row in enumerate(self._rows):
            row.setVisible(at < len(found))
            if at < len(found):
                row.set(found[at])
        missing = sum(one.mark is Mark.BAD for one in found)
        looked = sum(one.mark is Mark.WARN for one in found)
        said = f"Ready; look at {words.count(looked, 'thing')}" if looked else "Everything is ready"
        self.ready.setText(f"{words.count(missing, 'thing')} missing for the show" if missing else said)
        self._show_next(self._room.agenda.next)
        self._tick()

    def _show_next(self, planned: Planned | None) -> None:
        for each in (self.left, self.until, self.go, self.why, self.description, self.hosts):
            each.setVisible(planned is not None)
        if planned is None:
            away = self._room.presence is not Presence.JOINED
            self.title.setText("No show is planned" if not away else "The session is not there")
            self.when.setText(
                "Go live in the top bar at any time." if not away else "What is planned is shown when it is back."
            )
            return
        self.title.setText(planned.title)
        self.when.setText(planned.when)
        said = planned.description
        self.description.setText(
            said if len(said) <= DESCRIPTION_CHARACTERS else said[: DESCRIPTION_CHARACTERS - 1] + "…"
        )
        self.description.setToolTip(plain_tip(said))
        self.description.setVisible(bool(said))
        names = words.listed(list(planned.hosts))
        self.hosts.setText(f"{'Host' if len(planned.hosts) == 1 else 'Hosts'}: {names}")
        self.hosts.setVisible(bool(planned.hosts))

    def _tick(self) -> None:
        planned = self._room.agenda.next
        if planned is None:
            return
        now_s = self._room.agenda.now_s
        if planned.state == "live":
            self.left.setText("On air")
        elif now_s < planned.starts_s:
            self.left.setText(countdown(planned.starts_s - now_s))
        else:
            self.left.setText("Now")
        self.left.setAccessibleName(f"{planned.title} in {self.left.text()}")
        late_s = now_s - planned.starts_s
        said = planned.words if planned.state == "live" else "until it begins" if late_s < 0 else ""
        if planned.state != "live" and late_s >= 60:
            said = f"It should have begun {words.count(int(late_s / 60), 'minute')} ago."
        self.until.setText(said)
        self.until.setVisible(bool(said))
        refused = self.why_not(planned, now_s)
        self.go.setEnabled(not refused)
        self.go.setVisible(not self._show.live)
        self.why.setText(refused)
        self.why.setVisible(bool(refused))

    def why_not(self, planned: Planned, now_s: float) -> str:
        """Why this show cannot go live from here now, in words; "" where it can."""
        if self._show.live:
            return "" if planned.state == "live" else "You are on air already."
        if not planned.mine:
            return f"{words.listed(list(planned.hosts)) or 'Somebody else'} can go live with it, not you."
        if now_s < planned.opens_s:
            return f"Go live opens in {countdown(planned.opens_s - now_s)}."
        if not self._show.is_attached or self._show.program is None:
            return "The engine is not there; it is started again by itself."
        return self._show.program.go_live_refused


def _rule(column: QVBoxLayout) -> None:
    column.addSpacing(6)
    rule = QFrame()
    rule.setObjectName("rule")
    column.addWidget(rule)
    column.addSpacing(4)
