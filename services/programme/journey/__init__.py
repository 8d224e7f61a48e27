"""Journeys: one person on one pathway, and who holds the person."""
