"""Journeys: what family must know of one, which is how many stages it has and which of them ask for support."""
