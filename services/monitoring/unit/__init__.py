"""What one person counts for in each figure, read from the facts. Adding up is rollup's."""
