"""Remission: the clock that counts observed days only."""
