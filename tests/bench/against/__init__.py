"""Two commits side by side: what a command or an event costs in processor time. Drives each only from outside, imports neither."""
