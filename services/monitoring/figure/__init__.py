"""What every figure is made of, and all tables of all figures: exact. What may leave is release's."""
