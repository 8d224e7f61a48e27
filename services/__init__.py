"""The four services; they meet only through events and never import one another."""
