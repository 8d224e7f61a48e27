"""Requests for which no organisation of the region had a place."""
