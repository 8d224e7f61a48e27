"""Persons: the only place where a name and a birth date live."""
