"""Corrections: a fact was entered in error and never was, or it was another one. The history of the mistake is kept."""
