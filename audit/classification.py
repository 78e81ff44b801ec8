"""System checks: every model says who may see it and what keeps its history, and every field whether it is personal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import models

from audit.fields import SealedTextField
from audit.scope import Scope, ScopedQuerySet


def our_models() -> Iterator[type[models.Model]]:
    """Models of the rooms of this project, history models left out: they follow the model whose past they hold."""
    root = Path(settings.BASE_DIR)
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if folder.parent != root:
            continue
        for model in config.get_models(include_auto_created=True):
            if not hasattr(model, "pgh_tracked_model"):
                yield model


@register()
def fields_are_classified(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Errors for models and fields that nobody classified."""
    found: list[CheckMessage] = []
    for model in our_models():
        label = model._meta.label
        if not isinstance(getattr(model, "scope", None), Scope):
            found.append(Error(f"{label} has no scope.", hint="Say who may see it: scope = Scope(...).", id="audit.E001"))
        if not isinstance(model._default_manager.get_queryset(), ScopedQuerySet):
            found.append(Error(f"{label} has another door than visible_to.", hint="Use ScopedQuerySet.", id="audit.E002"))
        personal = set(getattr(model, "personal_fields", ()))
        opened = set(getattr(model, "open_fields", ()))
        fields = {field.name: field for field in (*model._meta.fields, *model._meta.many_to_many)}
        for name in sorted(fields.keys() - personal - opened):
            found.append(
                Error(f"{label}.{name} is neither personal nor open.", hint="List it in one of the two.", id="audit.E003")
            )
        for name in sorted((personal & opened) | ((personal | opened) - fields.keys())):
            found.append(Error(f"{label}.{name} is listed twice or does not exist.", id="audit.E004"))
        for name, field in fields.items():
            if isinstance(field, SealedTextField) and name not in personal:
                found.append(Error(f"{label}.{name} is sealed but not listed as personal.", id="audit.E005"))
            if isinstance(field, SealedTextField) and not (field.logical_name and field.purpose):
                found.append(Error(f"{label}.{name} is sealed without a logical name and a purpose.", id="audit.E006"))
    return found


@register()
def changes_leave_a_history(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Errors for models whose rows change without a trace, and that do not say why that loses nothing."""
    return [
        Error(
            f"{model._meta.label} keeps no history.",
            hint='Use @tracked, refuse updates by a trigger, or say what it is made of: without_history = "...".', id="audit.E007",
        )
        for model in our_models()
        if not (model._meta.proxy or _is_tracked(model) or _refuses_updates(model) or hasattr(model, "without_history"))
    ]


def _is_tracked(model: type[models.Model]) -> bool:
    return bool(getattr(model, "pgh_event_models", None))


def _refuses_updates(model: type[models.Model]) -> bool:
    """Append-only, or what a row says stays as it is: by a trigger of its own that may raise."""
    return any(
        "UPDATE" in str(trigger.operation) and "RAISE" in trigger.render_func(model)
        for trigger in getattr(model._meta, "triggers", ())
    )
