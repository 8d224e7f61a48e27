"""Requests for a consent: who was asked to take a person asks back for what it needs to see; the discloser or the person answers."""
