"""Owns pathways, journeys, spells, weekly records, relapses, scores and goals.

Publishes what happened in a stage, deaths by which one was left, relapses and completed journeys.
Listens to referral (organisations, persons, consents, emergency access, referrals addressed, answered and closed) and to family (concerns).
"""
