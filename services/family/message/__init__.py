"""Messages: one notice to one contact; prepared by handlers, sent by the sender, read in the inbox."""
