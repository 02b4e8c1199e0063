"""Tooltips that show foreign words (names, addresses, devices) as they are."""

from __future__ import annotations

from PySide6.QtGui import Qt


def plain_tip(text: str) -> str:
    """What `setToolTip` takes for a text that is never markup. Qt would render what looks like markup, pictures and
    all: a viewer's name could make the window read any file."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text
