"""The funnel of journeys: completed, left, open, and treated but not complete."""
