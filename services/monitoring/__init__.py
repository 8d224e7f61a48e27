"""Owns facts, roll-ups, releases and instructions, all without names; publishes instructions; listens to every fact a figure needs."""
