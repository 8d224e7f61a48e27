"""What was recorded in a journey and goes with a stay of it that never was."""
