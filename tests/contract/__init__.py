"""Contracts: what others rely on and what a reviewer must not have to look for. A scratch database at most."""
