"""What is plugged in: cameras with their modes, microphones, screens; enumerated anew each time it is asked."""
