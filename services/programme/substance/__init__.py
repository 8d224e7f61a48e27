"""Substances: the vocabulary with its legal classes, and what their use counts as."""
