"""FIGURES: every figure the ministry can see, one line each. Routes, releases, roll-ups, `make figures` and the documents are made of it.

A figure is a folder: its SQL in `store.py`, its cells, rule, row and words in `domain.py`, all of it as one thing in `service.py`.
"""

from services.monitoring.cooperation import service as cooperation
from services.monitoring.figure.service import Figures
from services.monitoring.handover import service as handover
from services.monitoring.interaction import service as interaction
from services.monitoring.journey_funnel import service as journey_funnel
from services.monitoring.place_not_found import service as place_not_found
from services.monitoring.referral_funnel import service as referral_funnel
from services.monitoring.relapse import service as relapse
from services.monitoring.resocialization import service as resocialization
from services.monitoring.stage import service as stage

FIGURES: Figures = (
    handover.FIGURE,  # 002-04, 002-05
    referral_funnel.FIGURE,  # 002-06, 002-29
    stage.FIGURE,  # 002-28
    relapse.FIGURE,  # standards section 3
    resocialization.FIGURE,  # 002-04
    journey_funnel.FIGURE,  # 002-37, 002-49, 000-66
    interaction.FIGURE,  # 002-22
    place_not_found.FIGURE,  # 000-62
    cooperation.FIGURE,  # 002-28, 002-29
)
