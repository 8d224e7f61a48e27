"""What may become of a stage: the table of its statuses."""
