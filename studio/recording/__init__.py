"""The recorder: one file in a process of its own, readable up to its last second whatever ends it."""
