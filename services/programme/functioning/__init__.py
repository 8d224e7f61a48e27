"""The four functional levels of a journey: scores and goals."""
