"""Which organisations may hear of a person's stream. Nothing else of monitoring tells of a person."""
