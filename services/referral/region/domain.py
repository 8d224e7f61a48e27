"""The rule of the region tree: districts hang below the region whose code theirs begins with. Pure."""

from collections.abc import Iterable
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse


class Region(BaseModel):
    """A node; codes are ISO 3166-2 and below it our own districts. Source: mission row 002-43."""

    model_config = ConfigDict(frozen=True)

    code: str
    parent_code: str | None
    kind: Literal["state", "region", "district"]
    name: str
    duty_organisation_id: UUID | None = None


def covers(regions: Iterable[str], region: str) -> bool:
    """Whether one of `regions` is this region or has it below it."""
    return any(region == own or region.startswith(f"{own}-") for own in regions)


def check_districts(region: str, kind: str, districts: list[Region]) -> None:
    """Raises Refused("districts-not-possible"). Source: mission row 002-43."""
    codes = [d.code for d in districts]
    refuse(
        "districts-not-possible",
        {
            "below-a-region": kind != "region",
            "codes-begin-with-region": not all(code.startswith(f"{region}-") for code in codes),
            "codes-differ": len(set(codes)) < len(codes),
        },
    )


def region_id(code: str) -> UUID:
    """A region has a code, answers have ids: the same id for the same code, always."""
    return uuid5(NAMESPACE_URL, f"urn:iso:3166-2:{code}")
