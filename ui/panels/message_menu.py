"""The menu of one message: what the person at the window may do with it and with who wrote it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from ui.line import Line
from ui.panels.bubble import Bubble
from ui.room import Room
from ui.theme.icons import icon

EMOJI = ("👍", "❤️", "😂", "👏", "🎉")
TEAM = ("owner", "admin", "director", "broadcaster")
"""Who runs the session: nobody mutes them in the chat."""
MUTES = (
    (60, "For 1 minute"),
    (600, "For 10 minutes"),
    (3600, "For 1 hour"),
    (86400, "For 1 day"),
    (0, "Let them write again"),
)


def add_mutes(menu: QMenu, room: Room, person: str, role: str) -> None:
    """How long this person may not write, where that may be said of them."""
    if "chat_moderate" not in room.rights or role in TEAM or not role:
        return
    mutes = menu.addMenu(icon("chat"), "Mute in the chat")
    for seconds, words in MUTES:
        mutes.addAction(words, partial(room.chat, "chat.mute", person=person, seconds=seconds))


class MessageMenu:
    """`answer(line)` and `address(person, name)` are the composer's, `go(seq)` the list's."""

    def __init__(
        self,
        room: Room,
        parent: QWidget,
        *,
        answer: Callable[[Line], object],
        address: Callable[[str, str], object],
        go: Callable[[int], object],
    ) -> None:
        self._room, self._parent = room, parent
        self._answer, self._address, self._go = answer, address, go

    def of(self, bubble: Bubble) -> QMenu:
        """Everything that may be done; a notice and a deleted message can be copied only."""
        line = bubble.line
        menu = QMenu(self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if line.seq and not line.notice and not line.deleted:
            self._reactions(menu, line)
            menu.addAction(icon("reply"), "Answer", partial(self._answer, line))
            self._privately(menu, line)
        menu.addAction(icon("copy"), "Copy the words", bubble.copy)
        if line.reply_to and any(one.seq == line.reply_to for one in self._room.lines):
            menu.addAction(icon("up"), "Go to what it answers", partial(self._go, line.reply_to))
        if line.seq and not line.notice and not line.deleted:
            self._moderation(menu, line)
        return menu

    def _reactions(self, menu: QMenu, line: Line) -> None:
        if "react" not in self._room.rights:
            return
        react = menu.addMenu(icon("plus"), "React")
        mine = {one.emoji for one in line.reactions if one.mine}
        for emoji in EMOJI:
            do = partial(self._room.chat, "chat.react", message=line.seq, emoji=emoji, on=emoji not in mine)
            action = react.addAction(emoji, do)
            action.setCheckable(True)
            action.setChecked(emoji in mine)

    def _privately(self, menu: QMenu, line: Line) -> None:
        if not line.mine and line.by and line.role:
            menu.addAction(icon("lock"), "Write to them alone", partial(self._address, line.by, line.who))

    def _moderation(self, menu: QMenu, line: Line) -> None:
        moderates = "chat_moderate" in self._room.rights
        pinned = self._room.talk.pinned
        if "pin" in self._room.rights and not line.place:
            here = pinned is not None and pinned.seq == line.seq
            do = partial(self._room.chat, "chat.pin", message=0 if here else line.seq)
            menu.addAction(icon("pin"), "Unpin" if here else "Pin above the chat", do)
        if not line.mine:
            add_mutes(menu, self._room, line.by, line.role)
        if line.mine or (moderates and not line.partner):
            menu.addAction(icon("trash"), "Delete", partial(self._room.chat, "chat.delete", message=line.seq))
