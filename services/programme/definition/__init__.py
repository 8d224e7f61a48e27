"""Relapse definitions as data, and the calculation over weekly sequences."""
