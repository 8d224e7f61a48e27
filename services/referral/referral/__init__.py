"""Referrals: requests that an organisation take a person for a stage, and their history."""
