"""A person's death: recorded on the person, ends what is still waiting."""
