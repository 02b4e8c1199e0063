"""The fields of a destination's address, a page for each protocol: for a new one, or for one whose secrets are kept.

The window knows only the masked address. A field for a secret that stays empty keeps it; so do the dots of an address.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote, urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from studio.control import api
from studio.media.mask import MASK
from ui.dialogs.form import form_of, form_row
from ui.widgets.label import label
from ui.widgets.number import number_field

PRESETS = (
    ("Own server", ""),
    ("YouTube", "rtmps://a.rtmps.youtube.com/live2"),
    ("Twitch", "rtmp://live.twitch.tv/app"),
    ("Facebook", "rtmps://live-api-s.facebook.com:443/rtmp"),
)
USUAL_LATENCY_MS = 120
UNCHANGED = "Unchanged"
NO_ADDRESS = "The address is missing."


class AddressPage(Protocol):
    """One protocol's fields."""

    def missing(self) -> tuple[str, QLineEdit] | None:
        """What must be typed before there is an address, in words, and where."""
        ...

    def fill(self, known: api.DestinationInfo) -> None:
        """Begin with an address that is known; its secrets are kept unless something is typed in their place."""
        ...

    def address(self) -> tuple[str, str | None]:
        """The URL, where dots keep what they hide, and the secret beside it (None: kept)."""
        ...


class SecretField(QWidget):
    """A field for a secret: dots, no prediction, nothing remembered. One that is kept can be taken away."""

    def __init__(self, name: str, *, dots: bool = True) -> None:
        super().__init__()
        self.line = QLineEdit()
        if dots:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        self.line.setAccessibleName(name)
        self.none = QCheckBox("None")
        self.none.setAccessibleName(f"No {name.lower()} from now on")
        self.none.setVisible(False)
        self.none.toggled.connect(self.line.setDisabled)
        self._kept = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.line, 1)
        row.addWidget(self.none)
        self.setFocusProxy(self.line)

    def keep(self, kept: bool = True, *, optional: bool = True) -> None:
        """There is a secret: it stays unless another is typed, or (where it is `optional`) it is taken away."""
        self._kept = kept
        self.line.setPlaceholderText(UNCHANGED if kept else "")
        self.none.setVisible(kept and optional)

    @property
    def text(self) -> str | None:
        """What was typed; None where the present one is kept."""
        if self.none.isChecked():
            return ""
        return self.line.text().strip() or (None if self._kept else "")


class RtmpPage(QWidget):
    """Server and stream key; the key is the end of the URL, unless it was given apart."""

    def __init__(self) -> None:
        super().__init__()
        self._known: api.DestinationInfo | None = None
        self._hidden = ""
        self._apart = False
        form = form_of(self)
        self.preset = QComboBox()
        self.preset.setAccessibleName("Platform")
        for words, url in PRESETS:
            self.preset.addItem(words, url)
        self.preset.activated.connect(self._preset_chosen)
        self.url = QLineEdit()
        self.url.setPlaceholderText("rtmp://server/application")
        self.url.setAccessibleName("Server address")
        self.key = SecretField("Stream key")
        form_row(form, "Platform", self.preset)
        form_row(form, "Server", self.url)
        form_row(form, "Stream key", self.key)
        form.addRow("", label("Your platform shows both where you set up a stream.", "caption", wrap=True))

    def missing(self) -> tuple[str, QLineEdit] | None:
        if not self.url.text().strip():
            return NO_ADDRESS, self.url
        if self.preset.currentData() and self.key.text == "":
            return "The stream key is missing.", self.key.line
        return None

    def _preset_chosen(self) -> None:
        server = self.preset.currentData()
        if self._known is not None and server and server == _server_of(self._known.url)[0]:
            self.fill(self._known)
        else:  # a key is never taken along to another platform
            self._hidden, self._apart = "", False
            self.key.keep(False)
            self.url.setText(server)
        (self.key.line if server else self.url).setFocus()

    def fill(self, known: api.DestinationInfo) -> None:
        server, self._hidden = _server_of(known.url)
        self._known, self._apart = known, known.has_secret
        self.url.setText(server)
        self.url.setCursorPosition(0)
        self.preset.setCurrentIndex(max(0, self.preset.findData(server)))
        self.key.keep(bool(self._hidden) or self._apart, optional=False)

    def address(self) -> tuple[str, str | None]:
        server, key = self.url.text().strip().rstrip("/"), self.key.text
        if self._apart or key is None:
            return server + self._hidden, key
        return (f"{server}/{key}" if key else server), ""


def _server_of(masked: str) -> tuple[str, str]:
    """An RTMP URL as its server, and the rest that is not shown."""
    place, question, options = masked.partition("?")
    server = place.removesuffix(f"/{MASK}")
    return (server, f"/{MASK}{question}{options}") if server != place else (masked, "")


class SrtPage(QWidget):
    """Host, port, latency, stream id and passphrase; other options of a known URL stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self._known: api.DestinationInfo | None = None
        self._options: dict[str, str] = {}
        form = form_of(self)
        self.host = QLineEdit()
        self.host.setPlaceholderText("server.example.org")
        self.host.setAccessibleName("Host")
        self.port = number_field("Port", 1, 65535)
        self.port.setValue(9000)
        self.latency = number_field("Latency in milliseconds", 0, 10_000, " ms", step=20)
        self.latency.setValue(USUAL_LATENCY_MS)
        self.stream = SecretField("Stream id", dots=False)
        self.passphrase = SecretField("Passphrase")
        for words, field in (
            ("Host", self.host),
            ("Port", self.port),
            ("Latency", self.latency),
            ("Stream id", self.stream),
            ("Passphrase", self.passphrase),
        ):
            form_row(form, words, field)

    def missing(self) -> tuple[str, QLineEdit] | None:
        return None if self.host.text().strip() else (NO_ADDRESS, self.host)

    def fill(self, known: api.DestinationInfo) -> None:
        parts = urlsplit(known.url)
        self.host.setText(parts.netloc.rpartition(":")[0])
        self.port.setValue(parts.port or self.port.value())
        self._known = known
        for option in filter(None, parts.query.split("&")):
            name, _, value = option.partition("=")
            self._options[name] = value
        options = self._options
        self.latency.setValue(int(options.get("latency", USUAL_LATENCY_MS)))
        if "streamid" in options:
            self.stream.keep()
        if known.has_secret or "passphrase" in options:
            self.passphrase.keep()

    def address(self) -> tuple[str, str | None]:
        host, latency = self.host.text().strip(), str(self.latency.value())
        stream, passphrase = self.stream.text, self.passphrase.text
        options = dict(self._options)
        if self._known is None or latency != options.get("latency", str(USUAL_LATENCY_MS)):
            options["latency"] = latency
        if stream is not None:
            options["streamid"] = quote(stream, safe="")
        if passphrase is not None:
            options.pop("passphrase", "")
        query = "&".join(f"{name}={value}" for name, value in options.items() if value or name != "streamid")
        return f"srt://{host}:{self.port.value()}" + (f"?{query}" if query else ""), passphrase


class WhipPage(QWidget):
    """Address and bearer token."""

    def __init__(self) -> None:
        super().__init__()
        form = form_of(self)
        self.url = QLineEdit()
        self.url.setPlaceholderText("https://server/whip/room")
        self.url.setAccessibleName("WHIP address")
        self.token = SecretField("Bearer token")
        self.note = label("The token may stay empty where the server asks for none.", "caption", wrap=True)
        form_row(form, "Address", self.url)
        form_row(form, "Token", self.token)
        form.addRow("", self.note)

    def missing(self) -> tuple[str, QLineEdit] | None:
        return None if self.url.text().strip() else (NO_ADDRESS, self.url)

    def fill(self, known: api.DestinationInfo) -> None:
        self.url.setText(known.url.removeprefix("whip+"))
        self.url.setCursorPosition(0)
        if known.has_secret:
            self.token.keep()
        if MASK in known.url:
            self.note.setText(f"{MASK} stands for a part that is kept and not shown. Leave it to keep that part.")

    def address(self) -> tuple[str, str | None]:
        url = self.url.text().strip()
        if url.startswith(("http://", "https://")):
            url = f"whip+{url}"
        return url, self.token.text
