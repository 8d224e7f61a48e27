"""Programme (meso): keeps pathways and each person's journey through their stages.

Owns pathways, journeys, spells, weekly records, relapses, scores and goals.
Publishes what happened in a stage, relapses and completed journeys.
Listens to referral: organisations, persons, consents and answered referrals; to family: concerns.
"""
