"""Every keyboard way, in one table: from it the window makes its actions and the sheet (F1) its page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`action` names what the window does; "" where a panel answers the key by itself (then it is only listed)."""

    keys: str
    words: str
    group: str
    action: str = ""


SHOW, PICTURE, SOUND, PANELS = "The show", "In the picture", "Sound", "Moving about"

SHORTCUTS = (
    Shortcut("Ctrl+L", "Go live", SHOW, "go_live"),
    Shortcut("Ctrl+Shift+L", "Stop (asks)", SHOW, "ask_stop"),
    Shortcut("Ctrl+R", "Record, or stop recording", SHOW, "toggle_recording"),
    Shortcut("Ctrl+Shift+O", "Show the recording in its folder", SHOW, "open_folder"),
    Shortcut("Ctrl+D", "Add a destination", SHOW, "add_destination"),
    Shortcut("Ctrl+T", "Try failed destinations again now", SHOW, "retry_destinations"),
    Shortcut("Ctrl+Shift+Return", "Acknowledge a notice", SHOW, "acknowledge"),
    Shortcut("Ctrl+Shift+C", "Copy the viewers' link", SHOW, "copy_link"),
    Shortcut("Ctrl+,", "Settings", SHOW, "open_settings"),
    Shortcut("Ctrl+Shift+D", "Dark or light", SHOW, "toggle_theme"),
    Shortcut("Ctrl+Q", "Close the window", SHOW, "close_window"),
    Shortcut("Ctrl+N", "Add a source", PICTURE, "add_source"),
    Shortcut("Ctrl+E", "Change the chosen source's device or file", PICTURE, "change_source"),
    Shortcut("Arrows", "Move by 1 px (Shift: 10 px)", PICTURE),
    Shortcut("Alt+Arrows", "Resize by 1 px (Shift: 10 px)", PICTURE),
    Shortcut("Tab", "Choose the next in the picture", PICTURE),
    Shortcut("Ctrl+F", "Fill the frame", PICTURE, "put_full"),
    Shortcut("Ctrl+G", "To the middle", PICTURE, "put_centre"),
    Shortcut("Ctrl+H", "Mirror", PICTURE, "toggle_mirror"),
    Shortcut("PgUp", "One forward", PICTURE, "bring_forward"),
    Shortcut("PgDown", "One back", PICTURE, "send_back"),
    Shortcut("Del", "Take out of the picture", PICTURE, "take_out"),
    Shortcut("Esc", "Undo a drag, or choose nothing", PICTURE),
    Shortcut("Ctrl+M", "Mute the chosen source", SOUND, "mute_chosen"),
    Shortcut("M, S, L", "Mute, solo, listen (in a strip)", SOUND),
    Shortcut("Up, Down", "Gain by 0.5 dB (on a fader)", SOUND),
    Shortcut("PgUp, PgDown", "Gain by 3 dB (on a fader)", SOUND),
    Shortcut("Home", "Gain to 0 dB (on a fader)", SOUND),
    Shortcut("Ctrl+P", "Headphones", SOUND, "open_headphones"),
    Shortcut("Ctrl+1", "Picture", PANELS, "focus_picture"),
    Shortcut("Ctrl+2", "Sources", PANELS, "focus_sources"),
    Shortcut("Ctrl+3", "Mixer", PANELS, "focus_mixer"),
    Shortcut("Ctrl+4", "Destinations", PANELS, "focus_destinations"),
    Shortcut("Ctrl+5", "Chat", PANELS, "focus_chat"),
    Shortcut("Ctrl+6", "People", PANELS, "focus_people"),
    Shortcut("Ctrl+7", "Share", PANELS, "focus_share"),
    Shortcut("Ctrl+8", "Statistics", PANELS, "focus_statistics"),
    Shortcut("Ctrl+9", "Home: the next show", PANELS, "focus_home"),
    Shortcut("Up, Down", "Next row, or message", PANELS),
    Shortcut("Return, Del", "Change, remove a row", PANELS),
    Shortcut("Ctrl+C", "Copy a chat message", PANELS),
    Shortcut("Menu, Return", "What can be done with a message", PANELS),
    Shortcut("Esc", "Dismiss, close a dialog", PANELS),
    Shortcut("F11", "Full screen", PANELS, "toggle_full_screen"),
    Shortcut("F1", "This sheet", PANELS, "open_shortcuts"),
    Shortcut("Ctrl+/", "This sheet", PANELS, "open_shortcuts"),
)
# Keys that fields need for themselves work only while the picture or a source has the keyboard.
IN_PICTURE_ONLY = frozenset({"bring_forward", "send_back", "take_out"})
