"""Instructions the ministry issued, for the organisations of the regions asked. Their follow-up is monitoring's."""
