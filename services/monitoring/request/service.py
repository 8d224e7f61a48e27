"""The writes of referrals, for the noun that keeps all facts together."""

from services.monitoring.request.store import save_addressings, save_answers, save_ends, save_openings, save_overdue

__all__ = ["save_addressings", "save_answers", "save_ends", "save_openings", "save_overdue"]
