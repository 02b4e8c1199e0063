"""The program preview: paints the pictures and the chosen placement's frame, and takes mouse and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.control import api
from ui.latest import Latest
from ui.preview.geometry import Box, Handle, Snapped, drag, handle_at, snap
from ui.preview.reader import PreviewReader
from ui.selection import Selection
from ui.show import Show
from ui.theme import tokens
from ui.theme.look import colour, font, look

HANDLE_PX = 9
REACH_PX = 8
RESIZED_AFTER_MS = 250
OVER_PICTURE = tokens.DARK
"""Lines over the picture are light on black in both themes: the light theme's blue is lost on a dark picture."""
CURSORS = {
    Handle.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Handle.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Handle.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Handle.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
    Handle.LEFT: Qt.CursorShape.SizeHorCursor,
    Handle.RIGHT: Qt.CursorShape.SizeHorCursor,
    Handle.TOP: Qt.CursorShape.SizeVerCursor,
    Handle.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Handle.CENTRE: Qt.CursorShape.SizeAllCursor,
}


class Canvas(QWidget):
    """The picture with the scene's handles. `size_settled` comes when the picture's size on the screen is a new one."""

    size_settled = Signal()

    def __init__(self, show: Show, selection: Selection, latest: Latest) -> None:
        super().__init__()
        self._show, self._selection, self._latest = show, selection, latest
        self._reader: PreviewReader | None = None
        self._pixels: Any = None
        self._image: QImage | None = None
        self._fresh = False
        self._dragged: Handle | None = None
        self._from = QPointF()
        self._original: Box | None = None
        self._guides: Snapped | None = None
        self._pending: dict[str, Box] = {}
        self._ring = False
        self.painted = 0
        self._settle = QTimer(self, singleShot=True, interval=RESIZED_AFTER_MS)
        self._settle.timeout.connect(self.size_settled)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 180)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Program preview")
        self.setAccessibleDescription(
            "The picture that the audience sees. Tab chooses a source in it, arrow keys move it, "
            "Alt with arrow keys resizes it."
        )
        for signal in (show.scene_changed, show.program_changed, show.attached, show.detached, selection.changed):
            signal.connect(self._refresh)
        latest.settled.connect(self._settled)
        look.changed.connect(self.update)

    # -- the picture -------------------------------------------------------------------------------------------------

    def use(self, reader: PreviewReader | None) -> None:
        """Show this reader's pictures from now on; the last picture stays until its first one."""
        if self._reader is not None:
            self._reader.stop()
        self._reader = reader
        if reader is not None:
            reader.arrived.connect(self._take)
            reader.start()

    def picture_size_px(self) -> QSize:
        """What the picture covers on the screen, in the screen's own pixels."""
        frame = self.frame_rect()
        scale = self.devicePixelRatioF()
        return QSize(int(frame.width() * scale), int(frame.height() * scale))

    def _take(self, pixels: Any) -> None:
        if self.sender() is not self._reader:
            return
        self._pixels = pixels
        height, width = pixels.shape[:2]
        self._image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._fresh = True
        self.update(self.frame_rect().toAlignedRect())

    def frame_rect(self) -> QRectF:
        """Where the program's frame lies in this widget."""
        program = self._show.program
        shape = 16 / 9 if program is None else program.width_px / program.height_px
        width = min(float(self.width()), self.height() * shape)
        height = width / shape
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle.start()
        if self._reader is not None:
            size = self.picture_size_px()
            self._reader.resize(size.width(), size.height())

    def _refresh(self) -> None:
        if self._dragged is None:
            self._pending = {key: box for key, box in self._pending.items() if self._latest.is_busy(("box", key))}
        self.update()

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame = self.frame_rect()
        painter.fillRect(event.rect(), colour("canvas"))
        if self._image is not None:
            exact = self._image.width() == round(frame.width() * self.devicePixelRatioF())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
            painter.drawImage(frame, self._image)
        else:
            painter.fillRect(frame, Qt.GlobalColor.black)
        self._paint_words(painter, frame)
        if self._show.is_attached:
            self._paint_frames(painter, frame)
        if self._ring:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent"), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()
        if self._fresh:
            self._fresh = False
            self.painted += 1
            if self._reader is not None:
                self._reader.painted()

    def _paint_words(self, painter: QPainter, frame: QRectF) -> None:
        if not self._show.is_attached:
            words, more = "Waiting for the engine", "The studio starts it by itself. This takes a few seconds."
        elif not self._show.placements:
            words, more = "Nothing in the picture yet", "Add a camera, a screen or a clip with Ctrl+N."
        else:
            return
        painter.fillRect(frame, QColor(0, 0, 0, 190))
        painter.setPen(Qt.GlobalColor.white)
        painter.setFont(font(tokens.TITLE_PX, font(1).Weight.DemiBold))
        painter.drawText(frame.adjusted(16, 0, -16, -24), Qt.AlignmentFlag.AlignCenter, words)
        painter.setFont(font(tokens.BODY_PX))
        painter.setPen(Qt.GlobalColor.lightGray)
        painter.drawText(frame.adjusted(16, 28, -16, 0), Qt.AlignmentFlag.AlignCenter, more)

    def _paint_frames(self, painter: QPainter, frame: QRectF) -> None:
        chosen = self._show.placement(self._selection.placement)
        if chosen is None:
            return
        box = self._on_screen(self.box_of(chosen), frame)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._guides is not None:
            painter.setPen(QPen(QColor(OVER_PICTURE.warn), 1, Qt.PenStyle.DashLine))
            for x in self._guides.vertical:
                at = frame.x() + x * frame.width()
                painter.drawLine(QPointF(at, frame.top()), QPointF(at, frame.bottom()))
            for y in self._guides.horizontal:
                at = frame.y() + y * frame.height()
                painter.drawLine(QPointF(frame.left(), at), QPointF(frame.right(), at))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(Qt.GlobalColor.black, 3))
        painter.drawRect(box)
        painter.setPen(QPen(QColor(OVER_PICTURE.accent), 1.5))
        painter.drawRect(box)
        painter.setBrush(Qt.GlobalColor.white)
        for handle in Handle:
            if handle is not Handle.CENTRE:
                x, y = handle.point(Box(box.x(), box.y(), box.width(), box.height()))
                x = min(max(x, HANDLE_PX / 2), self.width() - HANDLE_PX / 2)
                y = min(max(y, HANDLE_PX / 2), self.height() - HANDLE_PX / 2)
                painter.drawRect(QRectF(x - HANDLE_PX / 2, y - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX))

    @staticmethod
    def _on_screen(box: Box, frame: QRectF) -> QRectF:
        return QRectF(
            frame.x() + box.x * frame.width(),
            frame.y() + box.y * frame.height(),
            box.width * frame.width(),
            box.height * frame.height(),
        )

    # -- placing -----------------------------------------------------------------------------------------------------

    def box_of(self, placement: api.Placement) -> Box:
        """Where a placement is, or will be as soon as the engine has heard of it."""
        known = Box(placement.x, placement.y, placement.width, placement.height)
        return self._pending.get(placement.id, known)

    def _move(self, placement_id: str, box: Box) -> None:
        self._pending[placement_id] = box
        params = api.PlacementSet(
            placement_id,
            x=round(box.x, 5),
            y=round(box.y, 5),
            width=round(box.width, 5),
            height=round(box.height, 5),
        )
        self._latest.send(("box", placement_id), "placement.set", params)
        self.update()

    def _settled(self, key: object) -> None:
        if isinstance(key, tuple) and key[0] == "box" and self._dragged is None:
            self._pending.pop(key[1], None)
            self.update()

    def _fraction(self, point: QPointF) -> tuple[float, float]:
        frame = self.frame_rect()
        return (point.x() - frame.x()) / frame.width(), (point.y() - frame.y()) / frame.height()

    def _reach(self) -> tuple[float, float]:
        frame = self.frame_rect()
        return REACH_PX / frame.width(), REACH_PX / frame.height()

    def _at(self, point: QPointF) -> tuple[str, Handle] | None:
        x, y = self._fraction(point)
        chosen = self._show.placement(self._selection.placement)
        if chosen is not None:
            handle = handle_at(self._shown_box(self.box_of(chosen)), x, y, *self._reach())
            if handle is not None and handle is not Handle.CENTRE:
                return chosen.id, handle
        for placement in reversed(self._show.placements):
            if placement.visible and self.box_of(placement).holds(x, y):
                return placement.id, Handle.CENTRE
        return None

    def _shown_box(self, box: Box) -> Box:
        """The box whose handles are seen: handles outside the widget are drawn on its edge."""
        frame = self.frame_rect()
        half = HANDLE_PX / 2
        left, right = ((half - frame.x()) / frame.width(), (self.width() - half - frame.x()) / frame.width())
        top, bottom = ((half - frame.y()) / frame.height(), (self.height() - half - frame.y()) / frame.height())
        x, y = max(box.x, left), max(box.y, top)
        return Box(x, y, min(box.right, right) - x, min(box.bottom, bottom) - y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or not self._show.is_attached:
            return
        found = self._at(event.position())
        if found is None:
            self._selection.choose_placement("")
            return
        self._selection.choose_placement(found[0])
        placement = self._show.placement(found[0])
        if placement is not None:
            self._dragged, self._from, self._original = found[1], event.position(), self.box_of(placement)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None or self._original is None:
            found = self._at(event.position())
            self.setCursor(QCursor(CURSORS[found[1]] if found else Qt.CursorShape.ArrowCursor))
            return
        frame = self.frame_rect()
        moved = event.position() - self._from
        free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        box = drag(
            self._original, self._dragged, moved.x() / frame.width(), moved.y() / frame.height(), keep_shape=not free
        )
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            chosen = self._selection.placement
            others = [self.box_of(one) for one in self._show.placements if one.id != chosen and one.visible]
            self._guides = snap(box, self._dragged, others, *self._reach(), keep_shape=not free)
            box = self._guides.box
        else:
            self._guides = None
        self._move(self._selection.placement, box)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end_drag()

    def _end_drag(self) -> None:
        self._dragged, self._original, self._guides = None, None, None
        self._refresh()

    def cancel_drag(self) -> bool:
        """Put what is being dragged back where it was; False where nothing is."""
        if self._dragged is None or self._original is None:
            return False
        self._move(self._selection.placement, self._original)
        self._end_drag()
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        reasons = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        self._ring = event.reason() in reasons
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.update()

    # -- keys --------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()))
            plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if step is not None and plain and self._choose_next(step):
                return True
        return super().event(event)

    def _choose_next(self, step: int) -> bool:
        ids = [placement.id for placement in self._show.placements]
        at = (
            ids.index(self._selection.placement) + step if self._selection.placement in ids else (0 if step > 0 else -1)
        )
        if not ids or not -len(ids) <= at < len(ids) or (at < 0 and self._selection.placement in ids):
            return False
        self._selection.choose_placement(ids[at])
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not self.cancel_drag():
                self._selection.choose_placement("")
                event.ignore()  # the window dismisses its message with it
            return
        placement = self._show.placement(self._selection.placement)
        way = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }.get(Qt.Key(event.key()))
        if placement is None or way is None or self._show.program is None:
            super().keyPressEvent(event)
            return
        step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        by_x, by_y = way[0] * step / self._show.program.width_px, way[1] * step / self._show.program.height_px
        box = self.box_of(placement)
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            box = drag(box, Handle.BOTTOM_RIGHT, by_x, by_y, keep_shape=False)
        else:
            box = replace(box, x=box.x + by_x, y=box.y + by_y)
        self._move(placement.id, box)
