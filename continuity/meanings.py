"""What files of earlier years may find, beyond the checks of any list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

MEANINGS = (
    Meaning(
        "YEARS", Severity.ERROR, _("years are a whole number from 0 to 50"), _("write the number of full years, such as 3"),
    ),
    Meaning(
        "YEARS_ORDER", Severity.ERROR, _("more years without a claim than years insured in a row"),
        _("ask the earlier insurer which of the two is right"),
    ),
)
