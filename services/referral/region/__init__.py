"""The tree of regions: state, region, district. Organisations and persons hang on its nodes."""
