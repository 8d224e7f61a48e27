"""Adaptation steps on the way back: partial residence, work outside, a dormitory."""
