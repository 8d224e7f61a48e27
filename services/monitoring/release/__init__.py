"""Frozen tables of closed months, the only way figures leave the service."""
