"""The scope matrix: every URL of the resolver, every model of the admin, every role, against a foreign city's rows.

A URL that nobody classified fails, and so does a model of ours in the admin without a foreign row here.
Joining costs a new model one line in `FOREIGN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.roles import Role
from accounts.testing import make_user
from audit import reveals
from audit.classification import our_models
from audit.models import Event, Reveal
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.testing import World, make_world, people, uploaded
from jobs.models import Job
from jobs.testing import drain
from programs.models import (
    Budget,
    BudgetReservation,
    Funder,
    FundingScheme,
    LedgerAccount,
    LedgerTransaction,
    Program,
)

pytestmark = pytest.mark.django_db

CANARY = "金丝雀"
MISSING = 987_654_321
#: Model -> its row in the foreign world.
FOREIGN: dict[str, Callable[[World], Any]] = {
    "accounts.user": lambda world: world.clerk,
    "accounts.organization": lambda world: world.office,
    "accounts.membership": lambda world: Membership.objects.get(user=world.clerk),
    "audit.event": lambda world: Event.objects.filter(organization_path__startswith=world.city.path).latest("pk"),
    "audit.reveal": lambda world: Reveal.objects.get(organization_path=world.office.path),
    "beneficiaries.person": lambda world: Person.objects.filter(beneficiaries__organization=world.office).latest("pk"),
    "beneficiaries.enrollment": lambda world: Enrollment.objects.filter(organization=world.office).latest("pk"),
    "beneficiaries.roster": lambda world: Roster.objects.filter(organization=world.office).latest("pk"),
    "jobs.job": lambda world: Job.objects.filter(organization_path=world.office.path).latest("pk"),
    "programs.program": lambda world: world.program,
    "programs.plan": lambda world: world.plan,
    "programs.fundingscheme": lambda world: FundingScheme.objects.get(plan=world.plan),
    "programs.period": lambda world: world.period,
    "programs.funder": lambda world: world.foundation,
    "programs.budget": lambda world: world.budgets[0],
    "programs.budgetreservation": lambda world: BudgetReservation.objects.filter(program=world.program).latest("pk"),
    "programs.ledgeraccount": lambda world: LedgerAccount.objects.filter(program=world.program).latest("pk"),
    "programs.ledgertransaction": lambda world: LedgerTransaction.objects.filter(program=world.program).latest("pk"),
}
#: Reference data that every signed-in user with a role may read.
SHARED = {"accounts.region", "programs.category"}
#: Models of packages in the admin: rows of nobody's organization.
OF_PACKAGES = {"axes.accessattempt", "django_celery_beat.periodictask"}
#: Other URLs: what they are, so that a new one is thought about.
CLASSIFIED = {
    "home": "redirect", "health_live": "public", "health_ready": "public", "metrics": "token", "set_language": "public",
    "admin:index": "workbench", "admin:login": "public", "admin:logout": "own account", "admin:jsi18n": "public",
    "admin:password_change": "own account", "admin:password_change_done": "own account", "admin:app_list": "workbench",
    "admin:autocomplete": "scoped by the model's admin", "admin:view_on_site": "no model has a page on site",
    "admin:search": "palette: names of pages only", "admin:toggle_sidebar": "own session",
    "accounts:login": "public", "accounts:logout": "own account", "accounts:second_factor": "own account",
    "accounts:second_factor_set_up": "own account", "accounts:recovery_codes": "own account",
    "accounts:password_change": "own account",
}


def patterns(resolver: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named pattern of the resolver, namespaces in front."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name or ''}", entry


def admin_patterns(model_admin: Any) -> list[tuple[str, bool]]:
    """(name, whether it takes an object) of a model's pages."""
    found = []
    for entry in model_admin.get_urls():
        if isinstance(entry, URLPattern) and entry.name:
            found.append((f"admin:{entry.name}", "object_id" in entry.pattern.regex.groupindex))
    return found


def test_every_url_is_classified() -> None:
    of_models = {name for model_admin in admin.site._registry.values() for name, _has in admin_patterns(model_admin)}
    unknown = {
        name for name, entry in patterns()
        if name not in of_models and name not in CLASSIFIED and not (name in ("", "admin:") and not entry.name)
    }
    assert unknown == set(), "classify these in CLASSIFIED"


def test_every_model_in_the_admin_has_a_foreign_row() -> None:
    labels = {model._meta.label_lower for model in admin.site._registry}
    assert labels - FOREIGN.keys() - SHARED - OF_PACKAGES == set(), "add one line to FOREIGN"
    assert {model._meta.label_lower for model in our_models()} >= FOREIGN.keys()


@pytest.fixture
def worlds(settings: Any) -> tuple[World, World]:
    """Our own world, and a foreign one whose every open name is a canary."""
    settings.SECOND_FACTOR_REQUIRED = False
    own = make_world()
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"))
    Organization.objects.filter(path__startswith=foreign.city.path).update(short_name=f"{CANARY}机构")
    for organization in (foreign.foundation_org, foreign.insurer):
        Organization.objects.filter(pk=organization.pk).update(short_name=f"{CANARY}机构")
    Program.objects.filter(pk=foreign.program.pk).update(name=f"{CANARY}项目")
    Funder.objects.filter(pk=foreign.foundation.pk).update(name=f"{CANARY}出资")
    Funder.objects.filter(pk=foreign.county.pk).update(name=f"{CANARY}财政")
    User.objects.filter(username__startswith="yj-").update(display_name=f"{CANARY}人")
    Budget.objects.filter(program=foreign.program).update(label=f"{CANARY}批次")
    for world, county, name in ((own, "441602", "自有"), (foreign, "441702", CANARY)):
        uploaded(world, [[name + "甲", *cells[1:]] for cells in people(2, county=county)])
        drain()
        roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
        drain()
        person = Person.objects.filter(beneficiaries__organization=world.office).latest("pk")
        reveals.reveal(
            person, fields=["name"], reason=f"{name}核对", by=world.clerk, at=timezone.now(), organization=world.office,
            region_code=world.office.region_code,
        )
    return own, World(**{**vars(foreign), "budgets": list(Budget.objects.filter(program=foreign.program))})


def users_of(world: World) -> dict[str, User]:
    """One user for each role in our own city."""
    return {
        Role.CLERK: world.clerk, Role.REVIEWER: world.reviewer, Role.FINANCE_MAKER: world.finance_maker,
        Role.FINANCE_CHECKER: world.finance_checker, Role.AUDITOR: world.auditor,
        Role.SECURITY_ADMIN: make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN),
        Role.SYSTEM_ADMIN: make_user("hy-system", organization=world.city, role=Role.SYSTEM_ADMIN),
        "foundation": world.foundation_maker,
        "sibling": make_user("hy-sibling", organization=world.sibling, role=Role.CLERK),
    }


def digest_of_everything() -> dict[str, Any]:
    """One number per table of ours: whatever changes shows."""
    found = {}
    with connection.cursor() as cursor:
        for model in our_models():
            table = model._meta.db_table
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "{table}" t')
            found[table] = cursor.fetchone()
    return found


def test_no_role_sees_or_changes_anything_of_a_foreign_city(worlds: tuple[World, World]) -> None:
    own, foreign = worlds
    rows = {label: find(foreign).pk for label, find in FOREIGN.items()}
    users = users_of(own)
    leaks: list[str] = []
    asked = 0
    for role, user in users.items():
        client = Client()
        client.force_login(user, backend="accounts.backends.RoleBackend")
        before = digest_of_everything()
        for model, model_admin in admin.site._registry.items():
            label = model._meta.label_lower
            for name, takes_object in admin_patterns(model_admin):
                for method in ("get", "post"):
                    asked += 1
                    if not takes_object:
                        answer = getattr(client, method)(reverse(name))
                        leaks += leak(answer, role, method, name)
                        continue
                    if label not in rows:
                        continue
                    answer = getattr(client, method)(reverse(name, args=[rows[label]]))
                    leaks += leak(answer, role, method, name)
                    missing = getattr(client, method)(reverse(name, args=[MISSING]))
                    if answer.status_code != missing.status_code:
                        leaks.append(f"{role} {method} {name}: {answer.status_code}, a missing one {missing.status_code}")
                    if answer.status_code < 400 and not answer.get("Location", "").startswith("/admin/login"):
                        leaks.append(f"{role} {method} {name}: answers {answer.status_code}")
        for name in ("admin:index", "admin:search"):
            leaks += leak(client.get(reverse(name), {"s": CANARY}), role, "get", name)
        if digest_of_everything() != before:
            leaks.append(f"{role}: something changed")
    assert sorted(leaks) == [], "\n".join(sorted(leaks))
    assert asked > 1_000


def leak(answer: Any, role: str, method: str, name: str) -> list[str]:
    """What of the foreign city an answer tells."""
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode(errors="replace")
    heads = " ".join(f"{key}: {value}" for key, value in answer.headers.items())
    return [f"{role} {method} {name}: shows a canary"] if CANARY in text or CANARY in heads else []


@pytest.mark.parametrize(
    "query",
    ["document__startswith=a", "name__regex=.", "person__document__isnull=0", "organization__short_name__startswith=金",
     "roster__reason__contains=x", "person__name_index_a__isnull=0"],
)
def test_no_page_answers_lookups_that_its_filters_do_not_ask(worlds: tuple[World, World], query: str) -> None:
    client = Client()
    client.force_login(worlds[0].clerk, backend="accounts.backends.RoleBackend")
    for model in ("person", "enrollment", "roster"):
        answer = client.get(reverse(f"admin:beneficiaries_{model}_changelist") + f"?{query}")
        assert answer.status_code in (302, 400), (model, query)
