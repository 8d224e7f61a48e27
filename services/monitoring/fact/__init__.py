"""What was heard, kept once whatever the order of arrival. What it adds up to is rollup's."""
