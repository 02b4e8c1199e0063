"""Puts a theme on the application: fonts, palette, style sheet; tells everything that paints itself when it changes."""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from ui.theme import tokens
from ui.theme.tokens import DARK, LIGHT, Colours, ThemeName

FAMILY = "Inter"


class _Look(QObject):
    """The look of this process. `changed` comes after every widget has the new palette."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.colours = DARK
        self.chosen = ThemeName.DARK
        self._application: QApplication | None = None

    def begin(self, application: QApplication, chosen: ThemeName) -> None:
        """Load the fonts and dress the application; call once."""
        self._application = application
        for weight in ("Regular", "Medium", "SemiBold"):
            with as_file(files("resources") / "fonts" / f"Inter-{weight}.otf") as path:
                QFontDatabase.addApplicationFont(str(path))
        application.setStyle("Fusion")
        application.setFont(font(tokens.BODY_PX))
        application.styleHints().colorSchemeChanged.connect(lambda _: self._system_changed())
        self.choose(chosen)

    def choose(self, chosen: ThemeName) -> None:
        """Dark, light, or what the desktop has."""
        assert self._application is not None
        self.chosen = chosen
        dark = chosen is ThemeName.DARK
        if chosen is ThemeName.SYSTEM:
            dark = self._application.styleHints().colorScheme() is not Qt.ColorScheme.Light
        self.colours = DARK if dark else LIGHT
        self._application.setPalette(_palette(self.colours))
        self._application.setStyleSheet(_style_sheet(self.colours))
        self.changed.emit()

    def _system_changed(self) -> None:
        if self.chosen is ThemeName.SYSTEM:
            self.choose(ThemeName.SYSTEM)


look = _Look()


def colour(name: str) -> QColor:
    """A token's colour in the present theme."""
    return QColor(getattr(look.colours, name))


def font(size_px: int, weight: QFont.Weight = QFont.Weight.Normal, *, figures: bool = False) -> QFont:
    """The window's font. With `figures` all digits are equally wide, for numbers that change."""
    made = QFont(FAMILY)
    made.setFamilies([FAMILY, "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans"])
    made.setPixelSize(size_px)
    made.setWeight(weight)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if figures:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _style_sheet(colours: Colours) -> str:
    text = (files("resources") / "styles" / "window.qss").read_text(encoding="utf-8")
    sizes = {name.lower(): f"{value}px" for name, value in vars(tokens).items() if name.endswith("_PX")}
    folder = Path(str(files("resources") / "styles"))
    down = "down-dark.svg" if colours.dark else "down-light.svg"
    icons = {"down_icon": (folder / down).as_posix(), "check_icon": (folder / "check.svg").as_posix()}
    words = {key: str(value) for key, value in asdict(colours).items()}
    return Template(text).substitute({**words, **sizes, **icons})


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, name in {
        role.Window: "base",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "raised",
        role.Text: "text",
        role.Button: "raised",
        role.ButtonText: "text",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "text_faint",
        role.Highlight: "accent_fill",
        role.HighlightedText: "on_fill",
        role.Link: "accent",
        role.Mid: "line",
        role.Dark: "line_strong",
        role.Accent: "accent",
    }.items():
        palette.setColor(which, QColor(getattr(colours, name)))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.text_faint))
    return palette
