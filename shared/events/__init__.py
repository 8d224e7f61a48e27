"""Every fact that crosses a boundary: the base class and the registry by wire type. The facts themselves stand in one file a service."""

from shared.events import family, monitoring, programme, referral
from shared.events.event import Event, by_type, published_by, topics

__all__ = ["Event", "by_type", "family", "monitoring", "programme", "published_by", "referral", "topics"]
