"""Weekly records of spells: what each week showed and which definitions it meets."""
