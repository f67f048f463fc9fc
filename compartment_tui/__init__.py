"""The program, called as a person types it."""

PROGRAM = "compartment-tui"
