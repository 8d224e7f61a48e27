"""Cooperation: what speaks of it in a region, side by side."""
