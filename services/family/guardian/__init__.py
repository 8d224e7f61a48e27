"""Guardians: contacts who answer for a minor, on a basis and until an end. What one permits is permission's."""
