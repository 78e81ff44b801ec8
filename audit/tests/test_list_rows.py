"""Rows of lists look as unfold draws them, and what is the same for all of them is drawn once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from unfold.admin import checkbox

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.admin import list_rows
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
