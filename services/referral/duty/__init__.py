"""Which organisation of a region answers what is asked of the whole network."""
