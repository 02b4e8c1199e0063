"""The window's own line icons, drawn in the colour of the text beside them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.theme.look import look

SOURCE_ICONS = {
    "camera": "camera",
    "microphone": "microphone",
    "screen": "screen",
    "window": "window",
    "clip": "clip",
    "image": "image",
    "netcamera": "netcamera",
    "testcard": "testcard",
    "tone": "tone",
}


@cache
def _svg(name: str) -> str:
    return (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour).encode()))


class _LineIcon(QIconEngine):
    """Draws the vector at any size and scale, at the left; the colour is a token, looked up at each paint."""

    def __init__(self, name: str, token: str, on_token: str) -> None:
        super().__init__()
        self._name, self._token, self._on_token = name, token, on_token

    def paint(self, painter: QPainter, rect, mode: QIcon.Mode, state: QIcon.State) -> None:  # type: ignore[no-untyped-def]
        token = self._on_token if state is QIcon.State.On else self._token
        if mode is QIcon.Mode.Disabled:
            token = "text_faint"
        side = min(rect.width(), rect.height())
        square = QRectF(rect.x(), rect.y() + (rect.height() - side) / 2, side, side)
        draw(painter, self._name, square, getattr(look.colours, token))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name, self._token, self._on_token)


def draw(painter: QPainter, name: str, rect: QRectF, colour: str | QColor) -> None:
    """Draw icon `name` into `rect`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name, colour if isinstance(colour, str) else colour.name()).render(painter, rect)
    painter.restore()


def icon(name: str, token: str = "text_soft", on_token: str = "text") -> QIcon:
    """The icon in the token's colour; `on_token` where its button is switched on."""
    return QIcon(_LineIcon(name, token, on_token))
