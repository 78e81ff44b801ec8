"""The search of lists of people and of their covers: what it takes, and what a reader is told of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from beneficiaries.people_search import MOST, Asked, covers_found

#: What a box takes.
COVERS_HELP = _(
    "Cover number, insurer's policy number, document number, mobile phone number, or a name or its beginning"
)
PEOPLE_HELP = _("Document number, former or further ones too, mobile phone number, or a name or its beginning")


class CoverSearch:
    """Mixed into admins of enrollments, or of rows that point to one by `cover_path`."""

    cover_path = ""
    search_help_text = COVERS_HELP

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By number, or by the person; never by a pattern."""
        if not search_term.strip():
            return queryset, False
        rows, asked = covers_found(queryset, search_term, by=request.user, path=self.cover_path)
        tell(request, asked)
        return rows, False


def tell(request: HttpRequest, asked: Asked | None) -> None:
    """Say once what a search left out."""
    said: set[Any] = request.__dict__.setdefault("_search_said", set())
    if asked is None or asked.term in said:
        return
    said.add(asked.term)
    if asked.more and asked.people is not None and len(asked.people) < MOST:
        messages.warning(
            request,
            _t("Too many people come into question: only the newest of each office were looked at, and somebody may be "
               "missing. Type more of the name, or the document number."),
            fail_silently=True,
        )
    elif asked.more:
        messages.warning(
            request,
            _t("More than %(number)s people are found, and only %(number)s are shown: type more of the name, or the "
               "document number.") % {"number": MOST},
            fail_silently=True,
        )
    if asked.partly:
        messages.warning(
            request,
            _t("The portal is still preparing the search by phone number and by the beginning of a name: somebody may be "
               "missing. Document number and whole name find everybody."),
            fail_silently=True,
        )
