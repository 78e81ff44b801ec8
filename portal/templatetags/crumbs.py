"""Where a page stands: the sidebar's group, the list, the object; by the words that the sidebar uses."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.db.models import Model
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from portal.unfold import group_of, list_address

register = template.Library()


class Crumb(NamedTuple):
    """One step; without an address it is words alone."""

    title: str
    link: str


@register.inclusion_tag("portal/crumbs.html", takes_context=True)
def crumbs(context: Context) -> dict[str, Any]:
    """The steps to this page; the pages behind an object's buttons name the object too."""
    options = context.get("opts")
    if options is None:
        return {"crumbs": [Crumb(str(context.get("content_title") or context.get("title") or ""), "")]}
    found = [
        Crumb(group_of(options.label_lower) or str(options.app_config.verbose_name), ""),
        Crumb(capfirst(str(options.verbose_name_plural)), list_address(options.label_lower) or ""),
    ]
    shown = next((one for one in map(context.get, ("original", "object", "subject")) if isinstance(one, Model)), None)
    if shown is not None and shown.pk is not None and shown._meta.label_lower == options.label_lower:
        found.append(Crumb(str(shown), _page_of(shown)))
    return {"crumbs": found}


def _page_of(shown: Model) -> str:
    options = shown._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[shown.pk])
    except NoReverseMatch:
        return ""
