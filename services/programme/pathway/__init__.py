"""Pathways: ordered stages and their rules as versioned data."""
