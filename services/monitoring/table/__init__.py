"""Tables: rows, cells that add up, and what a kind of table publishes."""
