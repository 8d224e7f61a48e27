"""Sharing consents. What is shown under them is disclosure's; what a contact may be told is family's."""
