"""Concerns that family reported, as far as the organisation holding the person must see them. Signs and words stay in family."""
