"""The state machine of a referral: which status may follow which, by whom, with what reason."""
