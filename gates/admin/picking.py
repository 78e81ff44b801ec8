"""Lists whose buttons do something with what they show, or with what is selected: the same rows, under the reader's rights."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from audit.admin.export_button import PICKED, list_query
from exports.listing import Listing, Wanted, picked_of


def picked_page(request: HttpRequest, queryset: QuerySet, address: str) -> HttpResponseRedirect:
    """To the page of a button, with the keys of the selected rows, or with all that the list shows."""
    query = list_query(request)
    if request.POST.get("select_across") != "1":
        query[PICKED] = ".".join(str(pk) for pk in queryset.order_by().values_list("pk", flat=True))
    return HttpResponseRedirect(f"{reverse(address)}?{urlencode(query, doseq=True)}")


def with_query(answer: Any, request: HttpRequest, *paths: str) -> Any:
    """Buttons of a list take along what it is narrowed to."""
    query = urlencode(list_query(request), doseq=True)
    for button in (getattr(answer, "context_data", None) or {}).get("actions_list", ()):
        if query and any(str(button.get("path", "")).endswith(f"/{path}/") for path in paths):
            button["path"] += f"?{query}"
    return answer


def listed(request: HttpRequest, label: str, permission: str, model: Any) -> QuerySet:
    """The rows that the list shows to this user, or the selected ones, of those whom the role with the permission reaches."""
    user: Any = request.user
    query = urlencode(list_query(request), doseq=True)
    rows = Listing(label, user, Wanted(query, picked_of(request.GET.get(PICKED)))).rows
    found = rows.prefetch_related(None).select_related(None).order_by()
    return found.filter(pk__in=model.objects.visible_to(user, permission).order_by().values("pk"))


def back_to(request: HttpRequest, address: str) -> str:
    """The list as it was narrowed."""
    query = urlencode(list_query(request), doseq=True)
    return f"{address}?{query}" if query else address
