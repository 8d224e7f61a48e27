"""Released rows as readers see them, by table."""
