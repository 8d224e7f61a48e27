"""The network's organisations: level, kind, region, services with places, dated common position."""
