"""What a file of target populations may find, beyond the checks of any list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

MEANINGS = (
    Meaning(
        "TARGET_PERIOD", Severity.ERROR, _("no open period of a program of yours has these codes"),
        _("write the program's code and the period as they stand in the list of periods"),
    ),
)
