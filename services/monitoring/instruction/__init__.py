"""What the ministry asks of regions, followed until done."""
