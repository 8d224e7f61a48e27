"""Who a person is, shown: the one door for names and birth dates, and the list of what was shown to whom."""
