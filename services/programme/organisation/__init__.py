"""Organisations as heard from referral."""
