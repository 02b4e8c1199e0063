"""The engine process: wires sources, scene, mixer, program, destinations and recorder to the control API."""
