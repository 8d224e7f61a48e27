"""Concerns as heard from family: how many of a person wait for an answer."""
