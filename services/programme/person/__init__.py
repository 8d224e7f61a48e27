"""Persons, consents and accepted referrals as heard from referral; disclosures made here."""
