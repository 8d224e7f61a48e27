"""Organisations as family knows them: their region, and whether the registry confirmed them."""
