"""Asking where a file is to be, and writing it there without holding the window up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.media import ErrorKind, StoaError


def ask_where(parent: QWidget, title: str, name: str, kind: str, on: Callable[[Path], object]) -> None:
    """Asks for a file to write; `kind` as "CSV (*.csv)". `on` gets the one that was chosen."""
    chooser = QFileDialog(parent, title, name, kind)
    chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    chooser.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chooser.fileSelected.connect(lambda chosen: on(Path(chosen)))
    chooser.open()


async def write(file: Path, content: bytes) -> None:
    """Raises StoaError(DENIED) in words."""
    try:
        await asyncio.to_thread(file.write_bytes, content)
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED, f"{file} cannot be written: {cause.strerror}.", remedy="Choose another folder."
        ) from cause
