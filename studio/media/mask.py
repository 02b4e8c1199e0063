"""What stands on screen and in logs where a secret was."""

MASK = "•••"
