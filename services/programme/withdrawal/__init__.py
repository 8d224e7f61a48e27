"""Withdrawal symptoms by day."""
