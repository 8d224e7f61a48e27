"""The stages of pathways as journeys told them. Pathways themselves are programme's."""
