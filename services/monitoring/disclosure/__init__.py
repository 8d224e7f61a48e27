"""Which cells of a table are withheld so that no small one can be read or subtracted. Knows no figure."""
