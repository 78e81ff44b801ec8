"""What files of target populations and of participants may find, beyond the checks of any list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

MEANINGS = (
    Meaning(
        "PLACE_OUTSIDE", Severity.ERROR, _("this place lies outside the region of the list (%(extra)s), or is none"),
        _("write the six digits of a county of the region, or of the city with 00 at the end"),
    ),
    Meaning(
        "TARGET_PERIOD", Severity.ERROR, _("no open period of a program of yours has these codes"),
        _("write the program's code and the period as they stand in the list of periods"),
    ),
)
