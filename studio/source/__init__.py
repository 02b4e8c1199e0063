"""What yields pictures or sound: camera, microphone, screen, clip, image, test card, network camera; each a process."""
