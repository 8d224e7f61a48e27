"""A person as family knows them: a pseudonym, a life period, and which organisations the family is assigned to. No name."""
