"""Relapses: shown by a weekly record or reported by a clinician; they mark a spell or reopen a stage."""
