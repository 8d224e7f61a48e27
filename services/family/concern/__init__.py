"""Concerns: signs reported from the micro level, read, answered and escalated."""
