"""A table as rows: with positions of stages for readers, and one number a row in the long form."""
