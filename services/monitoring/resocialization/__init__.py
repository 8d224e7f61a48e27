"""Resocialization: who came to it after the stages before, and who did not."""
