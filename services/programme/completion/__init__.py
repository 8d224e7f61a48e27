"""The completion of a journey, which needs its stages and all four levels."""
