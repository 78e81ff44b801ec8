"""Wordings of certificates in the admin: what there was, and writing anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from papers import actions
from papers.admin.forms import WordingForm
from papers.models import CertificateWording


@admin.register(CertificateWording)
class CertificateWordingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first: of each program the first counts."""

    list_export = False
    list_display = ("program", "phone", "how_to_claim", "written_at")
    list_filter = ("program",)
    list_select_related = ("program",)
    ordering = ("-id",)
    sortable_by = ("written_at",)
    # Not by whom: offices below read it, and staff of a city is none of theirs.
    fields = ("program", "how_to_claim", "phone", "written_at")
    readonly_fields = fields
    actions_list = ("write",)

    has_write_permission = holds("papers.write_wording")

    @action(description=_("Write anew"), url_path="write", permissions=["write"], icon="edit_note")
    def write(self, request: HttpRequest) -> HttpResponse:
        """What certificates say from now on."""

        def run(given: dict[str, Any]) -> str:
            program = given.pop("program")
            actions.write_wording(program, **given)
            return _t("Certificates of %(program)s say this from now on.") % {"program": program.name}

        return self.button_page(
            request, title=_t("What certificates say"), button=_t("Write"), run=run,
            sentence=_t("It stands on every certificate of the program that is printed from now on."),
            form=WordingForm(request.POST if request.method == "POST" else None, by=request.user),
        )
