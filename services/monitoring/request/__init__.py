"""Referrals as heard: what was asked of whom and what became of it, merged whatever the order of arrival."""
