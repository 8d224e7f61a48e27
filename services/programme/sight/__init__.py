"""Journeys as an organisation sees them: all of one, or a former holder's own part."""
