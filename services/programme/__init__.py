"""Owns pathways, journeys, spells, weekly records, relapses, scores and goals.

Publishes what happened in a stage, relapses and completed journeys.
Listens to referral (organisations, persons, consents, referrals answered and closed) and to family (concerns).
"""
