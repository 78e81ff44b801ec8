"""The base admin against each leak that Django leaves open when only the queryset is scoped (RELIABILITY, section 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.forms import BaseInlineFormSet
from django.test import Client, RequestFactory
from django.test.utils import isolate_apps
from django.urls import path
from unfold.sites import UnfoldAdminSite

from accounts.models import Membership, Organization, Region, User
from accounts.testing import make_organization, make_user
from audit.admin import ScopedModelAdmin
from audit.admin.base import ScopedTabularInline
from audit.tests.conftest import Places
from portal.urls import urlpatterns as portal_urls

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
BACKEND = "accounts.backends.RoleBackend"
FOREIGN = "金丝雀局"

probe = UnfoldAdminSite(name="probe")


@admin.register(User, site=probe)
class ProbeUserAdmin(ScopedModelAdmin):
    """Everything that could leak, opened."""

    list_display = ("username", "organization")
    list_editable = ("organization",)
    list_filter = ("organization", "duty", ("deactivated_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("username", "organization__name")
    fields = ("display_name", "phone", "organization")


@admin.register(Organization, site=probe)
class ProbeOrganizationAdmin(ScopedModelAdmin):
    """For the autocomplete of another page."""

    search_fields = ("name",)
    fields = ("name", "parent")
    autocomplete_fields = ("parent",)


@admin.register(Region, site=probe)
class ProbeRegionAdmin(ScopedModelAdmin):
    """A key that is text."""


urlpatterns = [path("probe/", probe.urls), *portal_urls]


@pytest.fixture(autouse=True)
def quiet(settings: Any) -> None:
    """The second factor has its own tests."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def foreign(places: Places) -> User:
    """A user of a foreign office whose name is a canary."""
    Organization.objects.filter(pk=places.foreign.pk).update(name=FOREIGN)
    return make_user("canary.user", organization=places.foreign, role="clerk", phone="13899998888", display_name="金丝雀")


@pytest.fixture
def own(places: Places) -> User:
    """A user of our own office."""
    return make_user("own.user", organization=places.own, role="clerk", phone="13812345678")


@pytest.fixture
def client(places: Places, own: User, foreign: User) -> Client:
    """The system administrator of the city."""
    found = Client()
    found.force_login(make_user("city.admin", organization=places.city, role="system_admin"), backend=BACKEND)
    return found


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(f"/probe/accounts/{address}")
    assert answer.status_code == status, address
    return answer.content.decode()


def test_a_list_shows_visible_rows_with_their_filters_and_choices_only(client: Client) -> None:
    text = page(client, "user/")
    assert "own.user" in text and "源城区民政局" in text
    assert "canary" not in text and FOREIGN not in text


def test_a_form_offers_visible_rows_only_and_no_stored_phone(client: Client, own: User) -> None:
    text = page(client, f"user/{own.pk}/change/")
    assert "源城区民政局" in text
    assert FOREIGN not in text
    assert "5678" not in text


def change(client: Client, user: User, **changed: Any) -> Any:
    given = {"display_name": "改名", "phone": "", "organization": user.organization_id, **changed}
    return client.post(f"/probe/accounts/user/{user.pk}/change/", given)


def test_a_row_is_changed_within_reach_and_keeps_its_phone(client: Client, own: User) -> None:
    assert change(client, own).status_code == 302
    own.refresh_from_db()
    assert (own.display_name, own.phone.reveal()) == ("改名", "13812345678")


def test_a_post_cannot_move_a_row_to_another_organization(client: Client, own: User, foreign: User) -> None:
    answer = change(client, own, organization=foreign.organization_id)
    assert answer.status_code == 200
    assert FOREIGN not in answer.content.decode()
    own.refresh_from_db()
    assert own.display_name == "测试员"
    assert own.organization_id != foreign.organization_id


def test_a_row_edited_in_the_list_cannot_be_moved_either(client: Client, own: User, foreign: User) -> None:
    users = list(User.objects.filter(organization__path__startswith="/").exclude(pk=foreign.pk).order_by("-pk"))
    given: dict[str, Any] = {"form-TOTAL_FORMS": len(users), "form-INITIAL_FORMS": len(users), "_save": "x"}
    for number, user in enumerate(users):
        given |= {f"form-{number}-id": user.pk, f"form-{number}-organization": foreign.organization_id}
    client.post("/probe/accounts/user/", given)
    assert User.objects.filter(organization_id=foreign.organization_id).count() == 1


def test_a_form_whose_choices_were_widened_is_held_back_when_it_is_saved(
    client: Client, own: User, foreign: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everybody(self: Any, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return super(ScopedModelAdmin.__mro__[1], self).formfield_for_foreignkey(db_field, request, **kwargs)

    monkeypatch.setattr(ProbeUserAdmin, "formfield_for_foreignkey", everybody)
    assert change(client, own, organization=foreign.organization_id).status_code == 403
    own.refresh_from_db()
    assert own.organization_id != foreign.organization_id


def test_a_row_that_may_be_seen_but_not_changed_is_not(client: Client, places: Places) -> None:
    auditor = make_user("city.auditor", organization=places.city, role="auditor")
    target = make_user("target.user", organization=places.own)
    reader = Client()
    reader.force_login(auditor, backend=BACKEND)
    assert reader.get(f"/probe/accounts/user/{target.pk}/change/").status_code == 200
    assert change(reader, target).status_code == 403
    target.refresh_from_db()
    assert target.display_name == "测试员"


@pytest.mark.parametrize(
    "query",
    [
        "phone__startswith=1", "phone=13812345678", "phone__isnull=0", "password__startswith=md5", "username__regex=.",
        "username=own.user", "organization__name__startswith=金", "organization__path__startswith=/",
        "organization__users__username=canary.user", "memberships__role=clerk", "organization__name__isnull=0",
        "duty__regex=.", "duty__startswith=m", "second_factor__secret__isnull=0", "duty__exact=a%00b",
        "organization__id__exact=1%00", "created_at__regex=1", "display_name__contains=a",
    ],
)
def test_the_url_cannot_ask_what_the_filters_do_not_ask(client: Client, query: str) -> None:
    page(client, f"user/?{query}", status=400)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("duty__exact=making", True), ("duty__exact=auditing", False), ("deactivated_at__isempty=1", True),
        ("created_at__gte=2020-01-01+00:00:00%2B00:00", True), ("q=own.user", True), ("q=no.such", False),
        ("q=%00", True),
    ],
)
def test_what_the_filters_ask_is_answered(client: Client, query: str, shown: bool) -> None:
    answer = client.get(f"/probe/accounts/user/?{query}")
    assert answer.status_code == 200
    assert ("own.user" in answer.content.decode().split("result_list")[-1]) == shown


def test_a_filter_by_a_foreign_row_shows_nothing_and_names_nobody(client: Client, foreign: User) -> None:
    text = page(client, f"user/?organization__id__exact={foreign.organization_id}")
    assert "canary" not in text and FOREIGN not in text


@pytest.mark.parametrize("address", ["user/{id}/change/", "user/{id}/history/", "user/{id}/delete/", "user/{id}/"])
def test_a_foreign_row_is_as_missing_as_one_that_never_was(client: Client, foreign: User, address: str) -> None:
    answers = []
    for number in (foreign.pk, 987_654_321):
        for method in (client.get, client.post):
            answer = method(f"/probe/accounts/{address.format(id=number)}")
            answers.append((answer.status_code, answer.get("Location", "").replace(str(number), "N"), len(answer.content)))
    assert answers[:2] == answers[2:]
    assert answers[0][0] in (301, 302, 403, 404)
    assert User.objects.get(pk=foreign.pk).display_name == "金丝雀"


@pytest.mark.parametrize("number", ["x", "0", "-1", "9" * 40, "_00", "1_27", "_E9_87"])
def test_a_number_that_is_none_is_missing(client: Client, number: str) -> None:
    page(client, f"user/{number}/change/", status=404)
    page(client, f"region/{number}/change/", status=404)
    page(client, f"user/{number}/history/", status=404)


def test_autocomplete_offers_visible_rows_only(client: Client) -> None:
    answer = client.get(
        "/probe/autocomplete/", {"app_label": "accounts", "model_name": "organization", "field_name": "parent", "term": ""}
    )
    assert {row["text"] for row in answer.json()["results"]} == {"河源市民政局", "源城区民政局", "紫金县民政局"}


def test_the_redirect_to_a_page_on_site_tells_nothing_of_a_foreign_row(client: Client, foreign: User) -> None:
    kind = ContentType.objects.get_for_model(User).pk
    answers = [client.get(f"/probe/r/{kind}/{number}/") for number in (foreign.pk, 987_654_321)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(404, answers[0].content)] * 2
    assert "canary" not in answers[0].content.decode()


def test_nothing_is_written_to_the_log_of_django(client: Client, own: User) -> None:
    change(client, own)
    assert not LogEntry.objects.exists()


def test_nothing_is_deleted_by_hand(client: Client, own: User) -> None:
    page(client, f"user/{own.pk}/delete/", status=403)
    given = {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"}
    client.post("/probe/accounts/user/", given)
    assert User.objects.filter(pk=own.pk).exists()
    assert "delete_selected" not in page(client, "user/")


def test_a_timeline_belongs_to_who_sees_the_row(client: Client, own: User) -> None:
    assert "own.user" in page(client, f"user/{own.pk}/history/")


def test_the_list_asks_a_constant_number_of_queries(
    client: Client, places: Places, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(ProbeUserAdmin, "list_editable", ())
    monkeypatch.setattr(ProbeUserAdmin, "list_select_related", ("organization",))
    page(client, "user/")
    counts = []
    for _round in range(2):
        with django_assert_max_num_queries(30) as asked:
            page(client, "user/")
        counts.append(len(asked.captured_queries))
        for _number in range(10):
            make_user(organization=places.own)
    assert counts[0] == counts[1]


@pytest.fixture
def request_of(places: Places) -> Iterator[Any]:
    """A request of the system administrator."""
    request = RequestFactory().get("/")
    request.user = make_user(organization=places.city, role="system_admin")
    yield request


def page_with(model: Any, **attributes: Any) -> ScopedModelAdmin:
    return type("WrongAdmin", (ScopedModelAdmin,), attributes)(model, probe)


@pytest.mark.parametrize(
    ("model", "attributes"),
    [
        (User, {"list_filter": ("username",)}),
        (User, {"list_filter": ("organization__name",)}),
        (User, {"list_filter": (("organization", admin.RelatedFieldListFilter),)}),
        (User, {"list_filter": (("organization", admin.RelatedOnlyFieldListFilter),)}),
        (User, {"list_filter": (("username", admin.AllValuesFieldListFilter),)}),
    ],
)
def test_a_filter_that_would_list_everybodys_is_refused(request_of: Any, model: Any, attributes: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="everybody"):
        page_with(model, **attributes).get_list_filter(request_of)


@pytest.mark.parametrize(
    ("model", "name"), [(User, "phone"), (Membership, "user__phone"), (Membership, "=user__second_factor__secret")]
)
def test_a_search_in_a_personal_column_is_refused(request_of: Any, model: Any, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="personal"):
        page_with(model, search_fields=(name,)).get_search_fields(request_of)


def test_a_field_for_typed_numbers_is_refused(request_of: Any) -> None:
    wrong = page_with(User, raw_id_fields=("organization",))
    with pytest.raises(ImproperlyConfigured, match="raw_id_fields"):
        wrong.formfield_for_foreignkey(User._meta.get_field("organization"), request_of)


def test_a_pages_own_choice_of_rows_is_narrowed_and_never_widened(request_of: Any, places: Places) -> None:
    make_organization("远方局", region="45")
    field = page_with(User).formfield_for_foreignkey(
        User._meta.get_field("organization"), request_of,
        queryset=Organization.objects.filter(name__in=["源城区民政局", "远方局"]),
    )
    assert [row.name for row in field.queryset] == ["源城区民政局"]


@isolate_apps("audit")
def test_a_field_of_many_rows_offers_and_takes_visible_ones_only(request_of: Any, places: Places) -> None:
    class Meeting(models.Model):
        offices = models.ManyToManyField(Organization, related_name="+")

        class Meta:
            app_label = "audit"

        def __str__(self) -> str:
            return ""

    offices = Meeting._meta.get_field("offices")
    field = page_with(Organization).formfield_for_manytomany(offices, request_of)
    assert set(field.queryset.values_list("name", flat=True)) == {"河源市民政局", "源城区民政局", "紫金县民政局"}
    assert [row.pk for row in field.clean([places.own.pk])] == [places.own.pk]
    for number in (places.foreign.pk, 987_654_321):
        with pytest.raises(ValidationError) as refused:
            field.clean([places.own.pk, number])
        assert refused.value.code == "invalid_choice"
    chosen = page_with(Organization).formfield_for_manytomany(
        offices, request_of, queryset=Organization.objects.filter(pk__in=[places.sibling.pk, places.foreign.pk])
    )
    assert [row.pk for row in chosen.queryset] == [places.sibling.pk]
    with pytest.raises(ImproperlyConfigured, match="raw_id_fields"):
        page_with(Organization, raw_id_fields=("offices",)).formfield_for_manytomany(offices, request_of)


def test_rows_below_an_object_are_those_of_the_readers_scope(request_of: Any, places: Places) -> None:
    mine = make_user(organization=places.own, role="clerk")
    make_user(organization=places.foreign, role="clerk")

    class Below(ScopedTabularInline):
        model = Membership
        fk_name = "user"

    found = Below(User, probe).get_queryset(request_of)
    assert set(found.values_list("user", flat=True)) == {mine.pk, request_of.user.pk}


def test_rows_below_with_a_formset_that_takes_any_number_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="Below: BaseInlineFormSet is no ScopedFormSet"):
        type("Below", (ScopedTabularInline,), {"model": Membership, "formset": BaseInlineFormSet})
