"""Every list asks as many questions for many rows as for one, and for many choices of a filter as for one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from unfold.templatetags.unfold_list import results

from audit.admin.base import VisibleRelatedFilter
from beneficiaries.models import Enrollment, Roster
from programs.models import Period
from programs.testing import make_period
from tests.kit.latin import LatinWorld
from tests.kit.matrix.asking import signed_in

pytestmark = pytest.mark.django_db


#: Lists of which this world has no two rows for one reader, or whose rows are not of a table of their own: nobody new joins.
OF_ONE_ROW = {
    "audit.reveal", "axes.accessattempt", "claims.flagrule", "claims.letterwording", "complaints.answerwording",
    "continuity.earlierlist", "django_celery_beat.periodictask", "exports.export", "gates.ownpayment", "gates.uncollected",
    "intake.wordmapping", "papers.certificatewording", "programs.category", "programs.code", "programs.hospital",
    "programs.program", "reconciliation.reconciliation", "results.result", "retention.destructionline", "takeup.participantlist",
    "years.comparison",
}


def asked(client: Any, address: str) -> tuple[int, int]:
    """Questions and rows of a page, of a list that was asked before: that warmed what is kept.

    Asked in the background: now and then a request writes down that its session is used, with questions of its own.
    """
    with CaptureQueriesContext(connection) as questions:
        answer = client.get(address, headers={"x-background": "1"})
    return len(questions), len(answer.context["cl"].result_list)


def drawn_otherwise(shown: Any) -> bool:
    """Whether our rows, or the choices of our filters, differ from what unfold and Django draw of the same list."""
    rows = [(ours, theirs) for ours, theirs in zip(results(shown), results.by_columns(shown), strict=True)]
    choices = [
        (list(spec.choices(shown)), list(admin.RelatedFieldListFilter.choices(spec, shown)))
        for spec in shown.filter_specs if isinstance(spec, VisibleRelatedFilter)
    ]
    return any(ours != theirs for ours, theirs in (*rows, *choices))


def test_every_list_asks_as_many_questions_for_many_rows_as_for_one(world: LatinWorld) -> None:
    clients = {name: signed_in(user) for name, user in world.users.items()}
    wrong, proven = {}, set()
    otherwise: list[str] = []
    page: Any
    for model, page in admin.site._registry.items():
        label = model._meta.label_lower
        address = reverse(f"admin:{label.replace('.', '_')}_changelist")
        for name, client in clients.items():
            if label in proven or not page.has_view_permission(_request(world.users[name])):
                continue
            if page.get_queryset(_request(world.users[name])).order_by()[:2].count() < 2:
                continue
            shown = client.get(address).context["cl"]
            if len(shown.result_list) < 2:
                continue
            if drawn_otherwise(shown):
                otherwise.append(label)
            usual = page.list_per_page
            many = asked(client, address)
            try:
                page.list_per_page = 1
                # A row that names no place, say, asks for none: of the first row and the last the one that asks more.
                one = max(asked(client, address), asked(client, f"{address}?p=last"))
            finally:
                page.list_per_page = usual
            if one[0] != many[0]:
                wrong[f"{label} {name}"] = (one, many)
            proven.add(label)
    assert wrong == {}
    assert otherwise == []
    assert {model._meta.label_lower for model in admin.site._registry} - proven == OF_ONE_ROW


def test_a_filter_asks_one_question_for_all_its_choices(world: LatinWorld) -> None:
    period = Period.objects.select_related("plan").earliest("pk")
    for year in (2031, 2032, 2033):
        make_period(period.plan, year=year, by=world.users["city finance_checker"], at=timezone.now())
    user = world.users["county clerk"]
    for model in (Enrollment, Roster):
        page: Any = admin.site._registry[model]
        user.grants()
        with CaptureQueriesContext(connection) as questions:
            found = VisibleRelatedFilter(
                model._meta.get_field("period"), _request(user), {}, model, page, "period"
            ).lookup_choices
        assert (len(found) >= 4, len(questions)) == (True, 1)


def _request(user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request
