"""The kinds of tables: what is counted, what is shown of it, and its definition in words."""
