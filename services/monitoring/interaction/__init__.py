"""Interaction: how levels answer one another."""
