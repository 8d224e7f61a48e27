"""Referrals as their parties and the person see them: lists, one with its history, and whom each is about."""
