"""Dialogs: choosing a source, a destination, asking before what cannot be undone, settings, the shortcut sheet."""
