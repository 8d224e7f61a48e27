"""Guardians as family named them: who may give a consent for a minor. Contacts themselves are family's."""
