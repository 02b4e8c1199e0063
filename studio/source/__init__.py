"""What yields pictures or sound, each in a process of its own."""
