"""Owns persons, organisations and their places, sharing consents and referrals.

Publishes what `shared/events/referral.py` lists; listens to journeys and stages, relapses, concerns and instructions.
"""
