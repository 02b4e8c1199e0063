"""The poll above the chat: the question, its options to choose from, and bars that grow with the votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.media import StoaError
from ui import words
from ui.room import Room
from ui.theme.look import colour, look
from ui.widgets.buttons import button
from ui.widgets.label import label
from ui.widgets.tip import plain_tip

if TYPE_CHECKING:
    from studio.session import Poll

OPTION_PX = 28


class PollOption(QAbstractButton):
    """One option: its bar, its words, its share. A press votes for it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.share = 0.0
        self._chosen = False
        look.changed.connect(self.update)

    def set(self, text: str, votes: int, voters: int, *, chosen: bool) -> None:
        """Show how it stands."""
        self.share = votes / voters if voters else 0.0
        self._chosen = chosen
        self.setText(text)
        self.setToolTip(plain_tip(f"{text}: {words.count(votes, 'vote')}"))
        said = ", your vote" if chosen else ""
        self.setAccessibleName(f"{text}: {self.percent}, {words.count(votes, 'vote')}{said}")
        self.update()

    @property
    def percent(self) -> str:
        """Its share in words."""
        return f"{self.share * 100:.0f} %"

    def sizeHint(self) -> QSize:
        return QSize(120, OPTION_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = "accent" if self.hasFocus() or self._chosen else "line_strong"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("hover" if self.underMouse() and self.isEnabled() else "base"))
        painter.drawRoundedRect(place, 6, 6)
        if self.share:
            painter.setBrush(colour("accent_tint"))
            painter.drawRoundedRect(QRectF(place.x(), place.y(), place.width() * self.share, place.height()), 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(edge), 2 if self.hasFocus() else 1))
        painter.drawRoundedRect(place, 6, 6)
        painter.setPen(colour("text"))
        inside = place.adjusted(9, 0, -9, 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.percent)
        room_px = int(inside.width() - self.fontMetrics().horizontalAdvance("100 %") - 8)
        text = f"✓ {self.text()}" if self._chosen else self.text()
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room_px)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class PollCard(QFrame):
    """Hidden while there is no poll, or where a closed one was put away."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setProperty("kind", "strip")
        self._room = room
        self._away = ""
        self.options: list[PollOption] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        self.question = label("", "heading", wrap=True)
        column.addWidget(self.question)
        box = QWidget()
        self._rows = QVBoxLayout(box)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        column.addWidget(box)
        foot = QHBoxLayout()
        self.count = label("", "caption")
        foot.addWidget(self.count, 1)
        self.close_poll = button("Close poll", "quiet", on=self._close_poll)
        foot.addWidget(self.close_poll)
        self.put_away = button("Put away", "quiet", on=self._put_away)
        foot.addWidget(self.put_away)
        column.addLayout(foot)
        room.talk.poll_changed.connect(self._show)
        room.people_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        poll = self._room.talk.poll
        self.setVisible(poll is not None and poll.poll != self._away)
        if poll is None:
            return
        while len(self.options) > len(poll.options):
            self.options.pop().deleteLater()
        while len(self.options) < len(poll.options):
            option, at = PollOption(), len(self.options)
            option.clicked.connect(lambda _=False, at=at: self._vote(at))
            self.options.append(option)
            self._rows.addWidget(option)
        for at, option in enumerate(self.options):
            option.set(poll.options[at], poll.votes[at], poll.voters, chosen=at == self._room.talk.my_vote)
            option.setEnabled(poll.open and "vote" in self._room.rights)
        self.question.setText(poll.question)
        self.count.setText(words.count(poll.voters, "vote") + ("" if poll.open else ", closed"))
        self.close_poll.setVisible(poll.open and "poll" in self._room.rights)
        self.put_away.setVisible(not poll.open)
        self.setAccessibleName(f"Poll: {poll.question}")

    def _vote(self, option: int) -> None:
        poll = self._room.talk.poll
        if poll is not None:
            self._room.start(self._send_vote(poll, option))

    async def _send_vote(self, poll: Poll, option: int) -> None:
        before = self._room.talk.my_vote
        self._room.talk.voted(poll.poll, option)
        try:
            assert self._room.attendance is not None
            await self._room.attendance.chat("poll.vote", poll=poll.poll, option=option)
        except StoaError:
            self._room.talk.voted(poll.poll, before)
            raise

    def _close_poll(self) -> None:
        if self._room.talk.poll is not None:
            self._room.chat("poll.close", poll=self._room.talk.poll.poll)

    def _put_away(self) -> None:
        if self._room.talk.poll is not None:
            self._away = self._room.talk.poll.poll
            self._show()
