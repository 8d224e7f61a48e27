"""The case relation: as what an organisation or the person stands to a person, and what each relation opens. The one place that decides."""
