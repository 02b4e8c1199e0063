"""The engine process: wires the rooms together and serves the control API."""
