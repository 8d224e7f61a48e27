"""Dates that people enter: what bounds them, and which are so unlikely that they need a reason."""
