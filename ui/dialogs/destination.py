"""Naming a place to send to, or changing one: RTMP, SRT, WHIP. Its keys go to the engine and never come back."""

from __future__ import annotations

import msgspec
from PySide6.QtWidgets import QCheckBox, QLineEdit, QStackedWidget, QWidget

from studio.control import api
from studio.media import StoaError
from ui.dialogs.address import PRESETS, AddressPage, RtmpPage, SrtPage, WhipPage
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.show import Show
from ui.widgets.buttons import Choices
from ui.widgets.label import label, set_property

PROTOCOLS = (("rtmp", "RTMP"), ("srt", "SRT"), ("whip", "WHIP"))
LIVE = "It is live. Disconnect it to change where it sends; its name can change at any time."
OF_SESSION = "It belongs to the session, which gives it its address."


class DestinationDialog(Dialog):
    """Adds a destination, or changes the one of identity `edits` in its place."""

    def __init__(self, parent: QWidget | None, show: Show, edits: str = "") -> None:
        self._old = show.destinations.get(edits)
        super().__init__(parent, "Edit destination" if self._old else "Add a destination", 520)
        self._show = show
        self._marked: QLineEdit | None = None
        self.protocol = Choices(PROTOCOLS, "Protocol")
        self.protocol.chosen.connect(self._choose)
        self.rtmp, self.srt, self.whip = RtmpPage(), SrtPage(), WhipPage()
        self._pages: dict[str, AddressPage] = {"rtmp": self.rtmp, "srt": self.srt, "whip": self.whip}
        self.pages = QStackedWidget()
        for page in (self.rtmp, self.srt, self.whip):
            self.pages.addWidget(page)
        head = QWidget()
        top = form_of(head)
        self.name = QLineEdit()
        self.name.setMaxLength(60)
        self.name.setPlaceholderText("For example YouTube main")
        self.name.setAccessibleName("Name of the destination")
        form_row(top, "Name", self.name)
        self.save = QCheckBox("Remember it (the key goes into the system's keyring)")
        self.save.setChecked(True)
        self.note = label("", "caption", wrap=True)
        self.note.setVisible(False)
        for each in (head, self.note, self.protocol, self.pages, self.save):
            self.body.addWidget(each)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.accept_button = self.add_button("Save" if self._old else "Add", "primary", self._accept, default=True)
        self._choose(self._old.protocol if self._old else "rtmp")
        if self._old is not None:
            self._begin_with(self._old)
        self.name.setFocus()

    def _begin_with(self, old: api.DestinationInfo) -> None:
        self.name.setText(old.name)
        self.save.setChecked(old.saved)
        self._pages[old.protocol].fill(old)
        address = (self.protocol, self.pages, self.save)
        if old.id == self._show.session.publish_destination:
            self.note.setText(OF_SESSION)
            for each in address:
                each.setVisible(False)
        elif old.state == "live":
            self.note.setText(LIVE)
            for each in address:
                each.setEnabled(False)
        self.note.setVisible(bool(self.note.text()))

    def _choose(self, key: str) -> None:
        self._protocol = key
        self.protocol.set(key)
        self.pages.setCurrentIndex([each for each, _ in PROTOCOLS].index(key))
        self.say("")

    # -- taking it ---------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        page, old, name = self._pages[self._protocol], self._old, self.name.text().strip()
        missing = page.missing()
        if self._marked is not None:
            set_property(self._marked, "invalid", "false")
        if missing is not None:
            words, self._marked = missing
            set_property(self._marked, "invalid", "true")
            self.say(words)
            self._marked.setFocus()
            return
        url, secret = page.address()
        if old is None:
            default = next((words for words, start in PRESETS if start and url.startswith(start)), "")
            name = name or default or dict(PROTOCOLS)[self._protocol]
            self._run("destination.add", api.DestinationAdd(url, name, secret or "", save=self.save.isChecked()))
        elif (change := self._change(old, url, name, secret)) == api.DestinationSet(old.id):
            self.accept()
        else:
            self._run("destination.set", change)

    def _change(self, old: api.DestinationInfo, url: str, name: str, secret: str | None) -> api.DestinationSet:
        """Only what is another now."""
        return api.DestinationSet(
            old.id,
            name=name if name not in ("", old.name) else None,
            url=url if url != old.url else None,
            secret=secret if secret or (secret == "" and old.has_secret) else None,
            save=self.save.isChecked() if self.save.isChecked() != old.saved else None,
        )

    def _run(self, method: str, params: msgspec.Struct) -> None:
        self.accept_button.setEnabled(False)
        self._show.start(self._send(method, params))

    async def _send(self, method: str, params: msgspec.Struct) -> None:
        try:
            await self._show.call(method, params)
        except StoaError as error:
            self.say(error)
            self.accept_button.setEnabled(True)
            return
        self.accept()
