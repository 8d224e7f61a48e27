"""Permissions: what a contact may be told, on which channel, until when; revocable at once."""
