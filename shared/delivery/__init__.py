"""How a fact gets from one service to the others exactly once in effect."""
