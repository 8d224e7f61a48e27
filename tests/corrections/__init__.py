"""Sequences of commands in which one is a mistake that is corrected later, and what must be equal afterwards."""
