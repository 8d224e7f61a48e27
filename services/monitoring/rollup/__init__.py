"""Units added up, brought up to date with every batch; equal to a recomputation from the facts at any time."""
