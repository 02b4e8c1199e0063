"""What is plugged in: cameras, microphones and screens, enumerated anew each time."""
