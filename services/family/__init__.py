"""Owns contacts, their permissions, messages and concerns.

Publishes concerns raised, read, answered and escalated, messages delivered and suppressed.
Listens to referral and programme: everything a permitted contact may be told.
"""
