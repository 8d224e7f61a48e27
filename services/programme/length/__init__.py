"""Length classes of programmes."""
