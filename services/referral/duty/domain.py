"""Who may be a region's duty organisation. Pure."""

from services.referral.organisation.domain import Organisation
from services.referral.region import domain as regions
from shared.errors import refuse


def check_duty(organisation: Organisation | None, region: str) -> None:
    """Raises Refused("duty-not-possible"). Source: mission row 001-11."""
    refuse(
        "duty-not-possible",
        {
            "organisation-known": organisation is None,
            "organisation-confirmed": organisation is not None and not organisation.confirmed,
            "organisation-of-the-region": organisation is not None and not regions.covers((region,), organisation.that_counts().region),
        },
    )
