"""Rights: what an organisation may read and do in a journey, by its relation to the case."""
