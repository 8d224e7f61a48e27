"""The usual stack, ours and the limit, side by side on one machine in one run: `make bench`."""
