"""A small virtual machine with the kernel's own virtual cameras (vivid) and sound cards (snd-aloop)."""
