"""Hand-overs: who completed a stage, and whether the next one was started in time."""
