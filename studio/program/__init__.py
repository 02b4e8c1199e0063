"""The clock tick, encoding and packet fan-out."""
