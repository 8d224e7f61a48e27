"""Corrections: what was told of a fact that was none is taken back, and a contact that was entered in error ends."""
