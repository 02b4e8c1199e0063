"""The tests: unit/ mirrors the rooms, contract/ has a suite for each kind, end2end/ uses real processes and peers."""
