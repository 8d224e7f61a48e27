"""Tables of figures from the roll-ups. Exact: what may leave is release's."""
