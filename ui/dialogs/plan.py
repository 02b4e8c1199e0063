"""Plan a show: when in which zone, how often, who hosts it, when Go live opens. Or change what is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from PySide6.QtCore import QDate, QDateTime, Qt, QTimer, QTimeZone
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDateEdit,
    QDateTimeEdit,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QWidget,
)

from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.room import Room
from ui.widgets.label import label
from ui.widgets.number import number_field

if TYPE_CHECKING:
    from studio.session import Plan, PlanList

LOCAL = "yyyy-MM-ddTHH:mm"
SHOWN = "ddd d MMM yyyy, HH:mm"
REPEATS = (("none", "Once"), ("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly"))
UNITS = {"daily": "day", "weekly": "week", "monthly": "month"}
DAYS = (("MO", "Mo"), ("TU", "Tu"), ("WE", "We"), ("TH", "Th"), ("FR", "Fr"), ("SA", "Sa"), ("SU", "Su"))
NEVER, ON_A_DAY, AFTER = range(3)
TITLE_CHARACTERS, DESCRIPTION_CHARACTERS = 100, 2000


class PlanDialog(Dialog):
    """`plan` is the id of the one to change, empty for a new one."""

    def __init__(self, parent: QWidget | None, room: Room, found: PlanList, plan: str = "") -> None:
        changed = next((one for one in found.plans if one.id == plan), None)
        super().__init__(parent, "Change the plan" if changed else "Plan a show", 520)
        self._room, self._plan = room, changed
        page = QWidget()
        form = form_of(page)
        self.title = QLineEdit()
        self.title.setMaxLength(TITLE_CHARACTERS)
        self.title.setAccessibleName("Title")
        form_row(form, "Title", self.title)
        self.starts = QDateTimeEdit(_soon())
        self.starts.setDisplayFormat(SHOWN)
        self.starts.setCalendarPopup(True)
        self.starts.setAccessibleName("Starts")
        form_row(form, "Starts", self.starts)
        self.zone = _zones()
        form_row(form, "Time zone", self.zone)
        self.length = number_field("Length in minutes", 1, 24 * 60, " min")
        self.length.setValue(60)
        form_row(form, "Length", self.length)
        self._add_repeats(form)
        self.description = QPlainTextEdit()
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(64)
        self.description.setAccessibleName("Description")
        form_row(form, "About it", self.description)
        self.hosts = QListWidget()
        self.hosts.setFixedHeight(96)
        self.hosts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hosts.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.hosts.setProperty("kind", "field")
        self.hosts.setAccessibleName("Hosts")
        form_row(form, "Hosts", self.hosts)
        form.addRow("", label("Nobody chosen: everyone who may go live is a host.", "small", wrap=True))
        self.before = number_field("Go live opens so many minutes before", 0, 24 * 60, " min before")
        self.before.setValue(15)
        form_row(form, "Go live from", self.before)
        self.body.addWidget(page)
        self.add_button("Cancel", "", self.reject)
        self.save = self.add_button("Save" if changed else "Plan", "primary", self._save, default=True)
        chosen = {host.id for host in changed.hosts} if changed else set()
        known = {host.id: host.name for host in (*(changed.hosts if changed else ()), *found.choices)}
        for id, name in known.items():
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, id)
            item.setCheckState(Qt.CheckState.Checked if id in chosen else Qt.CheckState.Unchecked)
            self.hosts.addItem(item)
        if changed is not None:
            self._show(changed)
        self.repeats.currentIndexChanged.connect(self._refresh)
        self.ends.currentIndexChanged.connect(self._refresh)
        self.interval.valueChanged.connect(self._refresh)
        self._refresh()
        self.title.setFocus()

    def _add_repeats(self, form: Any) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.repeats = QComboBox()
        self.repeats.setAccessibleName("Repeats")
        for key, words in REPEATS:
            self.repeats.addItem(words, key)
        row.addWidget(self.repeats, 1)
        self.interval = number_field("Every so many", 1, 52, "")
        row.addWidget(self.interval, 1)
        box = QWidget()
        box.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        form_row(form, "Repeats", box)
        self.days: dict[str, QCheckBox] = {}
        self._days = QWidget()
        days = QHBoxLayout(self._days)
        days.setContentsMargins(0, 0, 0, 0)
        days.setSpacing(10)
        for key, words in DAYS:
            self.days[key] = QCheckBox(words)
            days.addWidget(self.days[key])
        days.addStretch(1)
        form.addRow("", self._days)
        ends = QHBoxLayout()
        ends.setContentsMargins(0, 0, 0, 0)
        ends.setSpacing(8)
        self.ends = QComboBox()
        self.ends.setAccessibleName("Ends")
        self.ends.addItems(["Without an end", "Until a day", "After some times"])
        self.until = QDateEdit(QDate.currentDate().addMonths(3))
        self.until.setDisplayFormat("d MMM yyyy")
        self.until.setCalendarPopup(True)
        self.until.setAccessibleName("The last day")
        self.count = number_field("So many times", 1, 500, " times")
        self.count.setValue(10)
        for widget in (self.ends, self.until, self.count):
            ends.addWidget(widget, 1)
        self._ends = QWidget()
        self._ends.setLayout(ends)
        form.addRow("", self._ends)

    def _show(self, plan: Plan) -> None:
        self.title.setText(plan.title)
        self.description.setPlainText(plan.description)
        self.starts.setDateTime(QDateTime.fromString(plan.starts[:16], LOCAL))
        if self.zone.findText(plan.zone) < 0:
            self.zone.addItem(plan.zone)
        self.zone.setCurrentText(plan.zone)
        self.length.setValue(max(1, round(plan.length_s / 60)))
        self.repeats.setCurrentIndex(max(0, self.repeats.findData(plan.repeats)))
        self.interval.setValue(plan.interval)
        for key in plan.days:
            self.days[key].setChecked(True)
        self.ends.setCurrentIndex(ON_A_DAY if plan.until else AFTER if plan.count else NEVER)
        if plan.until:
            self.until.setDate(QDate.fromString(plan.until, "yyyy-MM-dd"))
        if plan.count:
            self.count.setValue(plan.count)
        self.before.setValue(round(plan.go_live_before_s / 60))

    def _refresh(self) -> None:
        repeats = self.repeats.currentData()
        again = repeats != "none"
        self.interval.setVisible(again)
        unit = UNITS.get(repeats, "")
        self.interval.setPrefix("every ")
        self.interval.setSuffix(f" {unit}" + ("s" if self.interval.value() > 1 else ""))
        self._days.setVisible(repeats == "weekly")
        self._ends.setVisible(again)
        self.until.setVisible(self.ends.currentIndex() == ON_A_DAY)
        self.count.setVisible(self.ends.currentIndex() == AFTER)
        QTimer.singleShot(0, self, lambda: self.fit(anew=True))  # more or fewer rows

    def values(self) -> dict[str, Any]:
        """The plan as it is written here."""
        repeats = self.repeats.currentData()
        again, ends = repeats != "none", self.ends.currentIndex()
        items = [self.hosts.item(at) for at in range(self.hosts.count())]
        return {
            "title": self.title.text().strip(),
            "description": self.description.toPlainText().strip(),
            "starts": self.starts.dateTime().toString(LOCAL),
            "zone": self.zone.currentText().strip(),
            "length_s": self.length.value() * 60,
            "repeats": repeats,
            "interval": self.interval.value() if again else 1,
            "days": [key for key, day in self.days.items() if day.isChecked()] if repeats == "weekly" else [],
            "until": self.until.date().toString("yyyy-MM-dd") if again and ends == ON_A_DAY else "",
            "count": self.count.value() if again and ends == AFTER else 0,
            "hosts": [
                item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() is Qt.CheckState.Checked
            ],
            "go_live_before_s": self.before.value() * 60,
        }

    def _save(self) -> None:
        for field in (self.length, self.interval, self.count, self.before):
            field.interpretText()
        values = self.values()
        if not values["title"]:
            self.say("Give the show a title.")
            self.title.setFocus()
        elif len(values["description"]) > DESCRIPTION_CHARACTERS:
            self.say(f"Use at most {DESCRIPTION_CHARACTERS} characters about it.")
            self.description.setFocus()
        elif self._room.attendance is not None:
            self.save.setEnabled(False)
            sent = self._room.attendance.plan(self._plan, values)
            self._room.start(self.hand_in(self.save, sent))


def _soon() -> QDateTime:
    """The next full hour but one."""
    now = QDateTime.currentDateTime()
    hour = now.time()
    return now.addSecs(7200 - hour.minute() * 60 - hour.second())


def _zones() -> QComboBox:
    made = QComboBox()
    made.setEditable(True)
    made.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    made.setAccessibleName("Time zone")
    zones = sorted(available_timezones())
    made.addItems(zones)
    completer = QCompleter(zones)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    made.setCompleter(completer)
    made.setCurrentText(QTimeZone.systemTimeZoneId().toStdString())
    return made
