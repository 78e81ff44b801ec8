"""The system check: a model without scope, another door, an unlisted field, a sealed field that is called open."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from audit import classification
from audit.fields import SealedTextField
from audit.scope import Scope, ScopedQuerySet


def complaints(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(classification, "our_models", lambda: [model])
    return [(error.id or "", error.msg) for error in classification.fields_are_classified(None)]


def test_all_our_models_are_classified() -> None:
    assert [error for error in run_checks() if (error.id or "").startswith("audit.")] == []


def test_ours_are_the_rooms_models_without_guests_and_history() -> None:
    ours = set(classification.our_models())
    assert apps.get_model("accounts.User") in ours
    assert apps.get_model("accounts.MembershipProgram") in ours
    assert Group not in ours
    assert apps.get_model("accounts.UserEvent") not in ours


@isolate_apps("audit")
def test_a_model_that_says_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "audit"

        def __str__(self) -> str:
            return ""

    assert complaints(Bare, monkeypatch) == [
        ("audit.E001", "audit.Bare has no scope."),
        ("audit.E002", "audit.Bare has another door than visible_to."),
        ("audit.E003", "audit.Bare.id is neither personal nor open."),
        ("audit.E003", "audit.Bare.name is neither personal nor open."),
    ]


@isolate_apps("audit")
def test_a_model_that_changes_without_a_trace_is_refused_and_one_that_says_why_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Traceless(models.Model):
        class Meta:
            app_label = "audit"
            #: Deletions alone are refused.
            triggers = [pgtrigger.Protect(name="traceless_is_kept", operation=pgtrigger.Delete)]

        def __str__(self) -> str:
            return ""

    class Counted(models.Model):
        without_history = "Counted from others."

        class Meta:
            app_label = "audit"

        def __str__(self) -> str:
            return ""

    kept = [apps.get_model(label) for label in ("accounts.MembershipProgram", "audit.DataKey", "audit.Event")]
    monkeypatch.setattr(classification, "our_models", lambda: [Traceless, Counted, *kept])
    found = [(error.id, error.msg) for error in classification.changes_leave_a_history(None)]
    assert found == [("audit.E007", "audit.Traceless keeps no history.")]


def test_the_history_of_keys_holds_no_key() -> None:
    fields = {field.name for field in apps.get_model("audit.DataKeyEvent")._meta.fields}
    assert "retired_at" in fields and "wrapped" not in fields


@isolate_apps("audit")
def test_a_sealed_field_called_open_one_listed_twice_and_one_that_is_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Loose(models.Model):
        phone = SealedTextField(logical_name="loose.phone", purpose="staff")
        name = models.CharField(max_length=9)
        objects = ScopedQuerySet.as_manager()
        scope = Scope.nobody()
        personal_fields = ("name",)
        open_fields = ("id", "phone", "name", "gone")

        class Meta:
            app_label = "audit"

        def __str__(self) -> str:
            return ""

    assert complaints(Loose, monkeypatch) == [
        ("audit.E004", "audit.Loose.gone is listed twice or does not exist."),
        ("audit.E004", "audit.Loose.name is listed twice or does not exist."),
        ("audit.E005", "audit.Loose.phone is sealed but not listed as personal."),
    ]


@isolate_apps("audit")
def test_a_sealed_field_without_a_name_or_purpose_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nameless(models.Model):
        phone = SealedTextField()
        objects = ScopedQuerySet.as_manager()
        scope = Scope.nobody()
        personal_fields = ("phone",)
        open_fields = ("id",)

        class Meta:
            app_label = "audit"

        def __str__(self) -> str:
            return ""

    assert complaints(Nameless, monkeypatch) == [
        ("audit.E006", "audit.Nameless.phone is sealed without a logical name and a purpose.")
    ]
