"""The stages of a journey: started, completed, left or skipped."""
