"""What is recorded in a journey beside its stages, and was entered in error or was another thing: scores, goals, steps, weekly results."""
