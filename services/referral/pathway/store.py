"""SQL of pathways' stages."""

from collections.abc import Collection, Sequence

from shared.database import Tx

LIST = """
SELECT pathway, array_agg(code ORDER BY stage) AS codes FROM pathway_stage p
WHERE pathway = ANY($1::text[]) AND version = (SELECT max(version) FROM pathway_stage WHERE pathway = p.pathway)
GROUP BY pathway
"""
# The first condition spares all but the first journey of a version the locks; the second one holds when two are the first at once.
SAVE = """
INSERT INTO pathway_stage (pathway, stage, code, version)
SELECT $1, place, code, $2 FROM unnest($3::text[]) WITH ORDINALITY AS told (code, place)
WHERE NOT EXISTS (SELECT FROM pathway_stage WHERE pathway = $1 AND version >= $2)
ON CONFLICT (pathway, stage) DO UPDATE SET code = EXCLUDED.code, version = EXCLUDED.version WHERE pathway_stage.version < EXCLUDED.version
"""


async def list_codes(tx: Tx, pathways: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The codes of each in order, of the highest version heard; unheard ones are absent."""
    rows = await tx.connection.fetch(LIST, sorted(pathways))
    return {row["pathway"]: tuple(row["codes"]) for row in rows}


async def save_stages(tx: Tx, pathway: str, version: int, codes: Sequence[str]) -> None:
    """Takes effect for a version higher than any heard before."""
    await tx.connection.execute(SAVE, pathway, version, list(codes))
