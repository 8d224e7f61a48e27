"""Motivating acts around a referral and what came of them."""
