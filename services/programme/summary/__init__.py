"""What a later organisation may see of the stages before, under a consent."""
