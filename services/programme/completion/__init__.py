"""The completion of a journey, which needs its stages and what else its pathway asks."""
