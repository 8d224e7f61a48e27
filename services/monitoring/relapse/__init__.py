"""Relapses: persons by definition, of those who started the stage."""
