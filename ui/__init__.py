"""The Qt window: panels, dialogs, widgets, theme. Talks to studio.control and studio.session only."""
