"""Naming a place to send to: RTMP with presets, SRT, WHIP. The key goes to the engine and nowhere else.

What the window knows of a destination afterwards is its masked address: editing it asks for the key anew.
"""

from __future__ import annotations

from urllib.parse import quote

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QStackedWidget,
    QWidget,
)

from studio.control import api
from studio.media import StoaError
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.show import Show
from ui.widgets.buttons import Choices
from ui.widgets.label import label, set_property
from ui.widgets.number import number_field

PRESETS = (
    ("Own server", ""),
    ("YouTube", "rtmps://a.rtmps.youtube.com/live2"),
    ("Twitch", "rtmp://live.twitch.tv/app"),
    ("Facebook", "rtmps://live-api-s.facebook.com:443/rtmp"),
)
PROTOCOLS = (("rtmp", "RTMP"), ("srt", "SRT"), ("whip", "WHIP"))


def secret_field(name: str) -> QLineEdit:
    """A field for a secret: dots, no prediction, nothing remembered."""
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    made.setAccessibleName(name)
    return made


class DestinationDialog(Dialog):
    """Adds a destination, or changes the one of identity `edits`."""

    def __init__(self, parent: QWidget | None, show: Show, edits: str = "") -> None:
        self._old = show.destinations.get(edits)
        super().__init__(parent, "Edit destination" if self._old else "Add a destination", 520)
        self._show = show
        self.protocol = Choices(PROTOCOLS, "Protocol")
        self.protocol.chosen.connect(self._choose)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._rtmp_page())
        self.pages.addWidget(self._srt_page())
        self.pages.addWidget(self._whip_page())
        head = QWidget()
        top = form_of(head)
        self.name = QLineEdit()
        self.name.setMaxLength(60)
        self.name.setPlaceholderText("For example YouTube main")
        self.name.setAccessibleName("Name of the destination")
        form_row(top, "Name", self.name)
        if self._old is not None:
            self.name.setText(self._old.name)
            self.change = QCheckBox("Change its address or key")
            self.change.toggled.connect(self._show_address)
            address = QLineEdit(self._old.url)
            address.setReadOnly(True)
            address.setAccessibleName("Present address")
            address.setCursorPosition(0)
            form_row(top, "Sends to", address)
            top.addRow("", self.change)
        self.body.addWidget(head)
        self.body.addWidget(self.protocol)
        self.body.addWidget(self.pages)
        self.save = QCheckBox("Remember it (the key goes into the system's keyring)")
        self.save.setChecked(True)
        self.body.addWidget(self.save)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.accept_button = self.add_button("Save" if self._old else "Add", "primary", self._accept, default=True)
        self._choose("rtmp")
        self._show_address(self._old is None)
        self.name.setFocus()

    # -- pages -------------------------------------------------------------------------------------------------------

    def _rtmp_page(self) -> QWidget:
        page = QWidget()
        form = form_of(page)
        self.preset = QComboBox()
        self.preset.setAccessibleName("Platform")
        for words, url in PRESETS:
            self.preset.addItem(words, url)
        self.preset.currentIndexChanged.connect(self._preset_chosen)
        self.rtmp_url = QLineEdit()
        self.rtmp_url.setPlaceholderText("rtmp://server/application")
        self.rtmp_url.setAccessibleName("Server address")
        self.rtmp_key = secret_field("Stream key")
        form_row(form, "Platform", self.preset)
        form_row(form, "Server", self.rtmp_url)
        form_row(form, "Stream key", self.rtmp_key)
        form.addRow("", label("Your platform shows both where you set up a stream.", "caption", wrap=True))
        return page

    def _srt_page(self) -> QWidget:
        page = QWidget()
        form = form_of(page)
        self.srt_host = QLineEdit()
        self.srt_host.setPlaceholderText("server.example.org")
        self.srt_host.setAccessibleName("Host")
        self.srt_port = number_field("Port", 1, 65535)
        self.srt_port.setValue(9000)
        self.srt_latency = number_field("Latency in milliseconds", 0, 10_000, " ms", step=20)
        self.srt_latency.setValue(120)
        self.srt_stream = QLineEdit()
        self.srt_stream.setAccessibleName("Stream id")
        self.srt_passphrase = secret_field("Passphrase")
        for words, field in (
            ("Host", self.srt_host),
            ("Port", self.srt_port),
            ("Latency", self.srt_latency),
            ("Stream id", self.srt_stream),
            ("Passphrase", self.srt_passphrase),
        ):
            form_row(form, words, field)
        return page

    def _whip_page(self) -> QWidget:
        page = QWidget()
        form = form_of(page)
        self.whip_url = QLineEdit()
        self.whip_url.setPlaceholderText("https://server/whip/room")
        self.whip_url.setAccessibleName("WHIP address")
        self.whip_token = secret_field("Bearer token")
        form_row(form, "Address", self.whip_url)
        form_row(form, "Token", self.whip_token)
        form.addRow("", label("The token may stay empty where the server asks for none.", "caption", wrap=True))
        return page

    def _choose(self, key: str) -> None:
        self._protocol = key
        self.protocol.set(key)
        self.pages.setCurrentIndex([each for each, _ in PROTOCOLS].index(key))
        self.say("")

    def _preset_chosen(self) -> None:
        self.rtmp_url.setText(self.preset.currentData())
        (self.rtmp_key if self.preset.currentData() else self.rtmp_url).setFocus()

    def _show_address(self, shown: bool) -> None:
        for each in (self.protocol, self.pages, self.save):
            each.setVisible(shown)
        self.adjustSize()

    # -- taking it ---------------------------------------------------------------------------------------------------

    def _address(self) -> tuple[str, str, QLineEdit]:
        """The URL, the secret beside it, and the field to look at where the URL is missing."""
        if self._protocol == "rtmp":
            url, key = self.rtmp_url.text().strip(), self.rtmp_key.text().strip()
            return (f"{url.rstrip('/')}/{key}" if url and key else url), "", self.rtmp_url
        if self._protocol == "srt":
            host = self.srt_host.text().strip()
            stream = self.srt_stream.text().strip()
            url = f"srt://{host}:{self.srt_port.value()}?latency={self.srt_latency.value()}"
            url += f"&streamid={quote(stream, safe='')}" if stream else ""
            return (url if host else ""), self.srt_passphrase.text(), self.srt_host
        url = self.whip_url.text().strip()
        if url.startswith(("http://", "https://")):
            url = f"whip+{url}"
        return url, self.whip_token.text().strip(), self.whip_url

    def _accept(self) -> None:
        name = self.name.text().strip()
        if self._old is not None and not self.pages.isVisible():
            self._run(self._rename(self._old.id, name or self._old.name))
            return
        url, secret, field = self._address()
        set_property(field, "invalid", "true" if not url else "false")
        if not url:
            self.say("The address is missing.")
            field.setFocus()
            return
        default = next((words for words, start in PRESETS if start and url.startswith(start)), "")
        name = name or default or {"rtmp": "RTMP", "srt": "SRT", "whip": "WHIP"}[self._protocol]
        self._run(self._add(api.DestinationAdd(url, name, secret, save=self.save.isChecked())))

    def _run(self, work: object) -> None:
        self.accept_button.setEnabled(False)
        self._show.start(self._guarded(work))

    async def _guarded(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except StoaError as error:
            self.say(error)
            self.accept_button.setEnabled(True)
            return
        self.accept()

    async def _rename(self, which: str, name: str) -> None:
        await self._show.call("destination.set", api.DestinationSet(which, name=name))

    async def _add(self, params: api.DestinationAdd) -> None:
        await self._show.call("destination.add", params)
        if self._old is not None:
            await self._show.call("destination.remove", api.ById(self._old.id))
