"""SPECS: every kind of table as data, and DEFINITIONS: each figure in words. How a unit falls into a cell is figure's."""

from services.monitoring.table.domain import TOTAL, Spec

BANDS = (7, 14, 21, 30)
"""Days from a completion to the next start, cumulative."""
BAND_CELLS = tuple(f"within-{band}" for band in BANDS)
OUTCOMES = ("overlapping", *BAND_CELLS, "later", "declined", "waiting", "lost")

IMPLIED = {
    "consecutive-4-from-week-3": ("consecutive-4", "consecutive-3", "two-after-week-4", "two-of-four"),
    "consecutive-4": ("consecutive-3", "two-of-four"),
    "consecutive-3": ("two-of-four",),
    "two-after-week-4": ("two-of-four",),
    "dropout-4-missing": ("consecutive-4", "consecutive-3", "two-of-four"),
}
"""Who meets a definition meets these too, whichever lie between: any two shown can be subtracted (standards section 3)."""
SUBSETS = tuple((narrow, wide) for narrow, wides in IMPLIED.items() for wide in wides)

HANDOVERS = Spec(
    name="handovers",
    subject=("from_stage", "to_stage"),
    cells=("exempt", *OUTCOMES),
    published={
        "completed": (TOTAL,),
        "exempt": ("exempt",),
        "overlapping": ("overlapping",),
        **{f"within_{band}": BAND_CELLS[: place + 1] for place, band in enumerate(BANDS)},
        "later": ("later",),
        "declined": ("declined",),
        "waiting": ("waiting",),
        "lost": ("lost",),
        "in_question": OUTCOMES,
        "started_after": (*BAND_CELLS, "later"),
    },
    numerator="lost",
    denominator="in_question",
    definition="handover",
    reasons=("declined", "exempt"),
    quantiles=("started_after", "days"),
)
REFERRAL_FUNNEL = Spec(
    name="referral_funnel",
    subject=("stage",),
    cells=("started", "accepted", "declined", "unanswered", "withdrawn"),
    published={
        "referred": (TOTAL,),
        "accepted": ("started", "accepted"),
        "declined": ("declined",),
        "unanswered": ("unanswered",),
        "withdrawn": ("withdrawn",),
        "started": ("started",),
    },
    numerator="started",
    denominator="referred",
    definition="referral-funnel",
    reasons=("declined",),
)
AFTER_RELAPSE = Spec(**{**REFERRAL_FUNNEL.__dict__, "name": "referral_funnel_after_relapse", "definition": "referral-funnel-after-relapse"})
STAGES = Spec(
    name="stages",
    subject=("stage",),
    cells=("completed", "left", "open"),
    published={"started": (TOTAL,), "completed": ("completed",), "left": ("left",), "open": ("open",)},
    numerator="completed",
    denominator="started",
    definition="stage",
    reasons=("left",),
)
RELAPSES = Spec(
    name="relapses",
    subject=("stage",),
    cells=("started",),
    published={"started": (TOTAL,)},
    numerator="",
    denominator="started",
    definition="relapse",
    dimensions=("programme",),
    nested=tuple((f"{narrow}/met", f"{wide}/met") for narrow, wide in SUBSETS),
    kept=("consecutive-4-from-week-3/met", "consecutive-4-from-week-3/not"),
)
RESOCIALIZATION = Spec(
    name="resocialization",
    subject=("after_stage",),
    cells=("exempt", "completed", "started", "neither"),
    published={
        "completed": (TOTAL,),
        "exempt": ("exempt",),
        "started_5": ("completed", "started"),
        "completed_5": ("completed",),
        "neither": ("neither",),
        "in_question": ("completed", "started", "neither"),
    },
    numerator="neither",
    denominator="in_question",
    definition="resocialization",
    dimensions=("region", "period"),
    reasons=("neither", "exempt"),
)
JOURNEYS = Spec(
    name="journeys",
    subject=(),
    cells=("completed", "left", "open"),
    published={
        "journeys": (TOTAL,),
        "persons": ("order/first",),
        "completed": ("completed",),
        "left": ("left",),
        "open": ("open",),
        "treated": ("treatment/treated", "treatment/treated-not-complete"),
        "treated_not_complete": ("treatment/treated-not-complete",),
    },
    numerator="treated_not_complete",
    denominator="treated",
    definition="journey",
    dimensions=("region", "period"),
    quantiles=("completed", "days"),
)
INTERACTION = Spec(
    name="interaction",
    subject=("from_level", "to_level", "kind"),
    cells=("in-time", "late", "unanswered", "waiting", "withdrawn"),
    published={
        "sent": (TOTAL,),
        "answered_in_time": ("in-time",),
        "late": ("late",),
        "unanswered": ("unanswered",),
        "waiting": ("waiting",),
        "withdrawn": ("withdrawn",),
        "answered": ("in-time", "late"),
    },
    numerator="answered_in_time",
    denominator="sent",
    definition="interaction",
    dimensions=(),
    quantiles=("answered", "hours"),
)
PLACES_NOT_FOUND = Spec(
    name="places_not_found",
    subject=("stage",),
    cells=("not-found",),
    published={"requests": (TOTAL,)},
    numerator="requests",
    denominator="requests",
    definition="place-not-found",
    dimensions=("region",),
)
SPECS = (HANDOVERS, REFERRAL_FUNNEL, AFTER_RELAPSE, STAGES, RELAPSES, RESOCIALIZATION, JOURNEYS, INTERACTION, PLACES_NOT_FOUND)

DEFINITIONS = {
    "handover": (
        "Of persons who completed the stage in the month (each once a month, by the first completion) and were not exempt "
        "(died, incarcerated, next stage done elsewhere or not needed): lost = the next stage was not started and 21 days "
        "have passed; waiting = not yet passed. within_days is cumulative; overlapping = started before the completion. "
        "Median and quartiles in days over those started on or after the completion. Region and programme are the sender's. "
        "from_stage = to_stage: the stage ended with a transfer."
    ),
    "referral-funnel": (
        "Persons by their first referral for the stage that named an organisation, in the month it did (imported: in which "
        "the journey was opened): accepted includes started; started = the person started the stage at that organisation. "
        "Region and programme are the addressed organisation's."
    ),
    "referral-funnel-after-relapse": (
        "The same for persons' first referral that a relapse opened for the stage; never part of the other one."
    ),
    "stage": (
        "Persons by the first start of the stage, in the month and at the organisation of that start; completed in any of its stays."
    ),
    "relapse": (
        "Persons with a relapse of this definition, not withdrawn, in any stay of the stage, of those who started the stage; "
        "each once, in the programme of the first start. A missing week counts as positive. dropout-4-missing is leaving, "
        "not relapse."
    ),
    "resocialization": (
        "Of persons who completed stage 4 (second figure: stage 3), in the month of the first completion, and were not "
        "exempt: started stage 5, completed it, or neither, with the reason."
    ),
    "journey": (
        "Journeys by the month of their opening and the organisation that opened them; persons are counted by their first "
        "journey. Completed = stage 5 completed. treated_not_complete = stage 2 completed and nothing later started, of all "
        "that completed stage 2: never counted as completed. Median and quartiles in days from the first start of any stage "
        "to the completion of stage 5."
    ),
    "interaction": (
        "What one level asked of another and was to be answered by a due time: referrals (5 working days), concerns (5), "
        "instructions to regions (acknowledged in 10); imported history is left out. Median in hours over the answered ones."
    ),
    "place-not-found": "Requests for a stage for which no qualified organisation of the region had a place, each once.",
    "cooperation": (
        "Per region, side by side: persons who completed stage 4 of those who started it; the hand-overs 3 to 4 and 4 to 5; "
        "the answers to offers of stages 4 and 5. Every number is the one of its own table."
    ),
}
