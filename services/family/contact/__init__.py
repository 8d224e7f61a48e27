"""Contacts: someone of the person's circle, with relation, language and address. What they may be told is permission's."""
