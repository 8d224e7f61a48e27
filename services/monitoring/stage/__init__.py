"""Stages: who started, completed and left each of them."""
