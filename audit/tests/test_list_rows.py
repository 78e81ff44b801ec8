"""Rows of lists look as unfold draws them, and what is the same for all of them is drawn once."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import unfold
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from unfold.admin import checkbox
from unfold.decorators import display

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.admin import list_rows
from audit.templatetags.list_parts import cells
from tests.kit.matrix.asking import BACKEND


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("pk", [7, 'a"b<c>'])
def test_the_box_of_a_row_is_the_one_that_unfold_draws(language: str, pk: Any) -> None:
    with override(language):
        assert list_rows.box(pk) == checkbox.render(ACTION_CHECKBOX_NAME, str(pk))


@pytest.mark.django_db
def test_headings_are_drawn_once_for_a_list_and_anew_for_the_next(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    drawn = []
    plain = list_rows.unfold_list.label_for_field

    def counted(name: str, *given: Any, **named: Any) -> Any:
        drawn.append(name)
        return plain(name, *given, **named)

    make_region_tree()
    office = make_organization()
    users = [make_user(f"zz.{number}", role=Role.SECURITY_ADMIN, organization=office) for number in range(12)]
    client = Client()
    client.force_login(users[0], backend=BACKEND)
    monkeypatch.setattr(list_rows.unfold_list, "label_for_field", counted)
    page = client.get(reverse("admin:accounts_user_changelist"))
    assert User.objects.count() == 12
    text = page.content.decode()
    assert [text.count(list_rows.box(user.pk)) for user in users] == [1] * 12
    assert text.count('<td class="field-username') + text.count('<th class="field-username') == 12
    assert len(drawn) == len(set(drawn)) > 3
    client.get(reverse("admin:accounts_user_changelist"))
    assert len(drawn) == 2 * len(set(drawn))


def original(name: str) -> Template:
    """A template as unfold brings it, which ours stands before."""
    return Template((Path(unfold.__file__).parent / "templates" / "admin" / name).read_text(encoding="utf-8"))


def plain(page: str) -> str:
    """Without white space that no browser shows, and without the state of rows that fold out."""
    folded = re.sub(r"\s+", " ", page.replace(' x-data="{rowOpen: false}"', ""))
    return re.sub(r'\s*"\s*>', '">', re.sub(r"\s*([<>])\s*", r"\1", folded))


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("value", ["7", ""])
def test_a_filter_offers_its_choices_as_unfold_does(across: bool, value: str) -> None:
    spec = SimpleNamespace(lookup_val=[value] if value else None, lookup_kwarg="office__id__exact", horizontal=across)
    choices = [
        {"selected": not value, "query_string": "?", "display": "全部"},
        {"selected": bool(value), "query_string": "?office__id__exact=7&q=王+\"x\"", "display": "源城<script>'甲'&乙"},
        {"selected": False, "query_string": "?office__id__exact=8", "display": list_rows.box(8)},
    ]
    given = {"title": "单位", "spec": spec, "choices": choices}
    ours = get_template("admin/filter.html").render(given)
    assert plain(ours) == plain(original("filter.html").render(Context(given)))
    assert "&lt;script&gt;" in ours and ours.count("font-semibold text-primary-600") == 1


@pytest.mark.django_db
def test_rows_stand_in_the_table_as_unfold_draws_them(settings: Any, rf: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    make_region_tree()
    office = make_organization()
    users = [make_user(f"zz.{number}", role=Role.SECURITY_ADMIN, organization=office) for number in range(3)]
    client = Client()
    client.force_login(users[0], backend=BACKEND)
    answer = client.get(reverse("admin:accounts_user_changelist"))
    shown = list_rows.unfold_list.result_list({"request": answer.wsgi_request}, answer.context_data["cl"])
    ours = get_template("admin/change_list_results.html").template.render(Context(shown))
    assert plain(ours) == plain(original("change_list_results.html").render(Context(shown)))
    assert ours.count("<tbody") == 3


@pytest.mark.django_db
@pytest.mark.parametrize("narrowed", ["", "?q=zz"])
def test_a_row_is_drawn_column_by_column_as_unfold_draws_it(settings: Any, narrowed: str) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    make_region_tree()
    office = make_organization()
    users = [make_user(f"zz.{number}", role=Role.SECURITY_ADMIN, organization=office) for number in range(3)]
    client = Client()
    client.force_login(users[0], backend=BACKEND)
    shown = client.get(reverse("admin:accounts_user_changelist") + narrowed).context_data["cl"]
    draw = list_rows.unfold_list.results
    assert len(list_rows.columns_of(shown)) == len(shown.list_display)
    assert list(draw(shown)) == list(draw.by_columns(shown))
    assert len(list(draw(shown))) == 3
    assert ("_changelist_filters" in "".join(next(iter(draw(shown))))) == bool(narrowed)


@pytest.mark.django_db
def test_a_list_that_asks_for_more_than_we_draw_is_left_to_unfold(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    make_region_tree()
    user = make_user("zz.1", role=Role.SECURITY_ADMIN, organization=make_organization())
    client = Client()
    client.force_login(user, backend=BACKEND)
    shown = client.get(reverse("admin:accounts_user_changelist")).context_data["cl"]
    labeled = display(label=True)(lambda _owner, row: row.username)
    monkeypatch.setattr(type(shown.model_admin), "username_labeled", labeled, raising=False)
    shown.list_display = [*shown.list_display, "username_labeled"]
    del shown.drawn_headings
    (row,) = list_rows.unfold_list.results(shown)
    assert "zz.1" in row[-1]
    assert "rounded" in row[-1]


def test_a_cell_that_is_not_safe_is_escaped() -> None:
    assert cells([list_rows.box(7), "<b>王</b>"]) == f"{list_rows.box(7)}\n&lt;b&gt;王&lt;/b&gt;"


def test_no_list_folds_rows_out_or_has_them_dragged_which_our_table_leaves_out() -> None:
    asked = [
        model._meta.label for model, each in admin.site._registry.items()
        if getattr(each, "list_sections", None) or getattr(each, "ordering_field", None)
    ]
    assert asked == []
