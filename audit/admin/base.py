"""The base admin: closes what Django's own leaves open when only the queryset is scoped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path, quote
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from unfold.admin import ModelAdmin, TabularInline

from audit import events, panels
from audit.admin import list_rows
from audit.admin.export_button import ExportButton
from audit.admin.queue_filter import QueueFilter
from audit.paging import CappedPaginator, KeysetChangeList, Place, Total
from audit.scope import Scope, ScopedQuerySet, only_reads
from audit.versions import PAGE, Versions, history_model, versions

#: Choices of a related filter or form field: beyond this many a page wants a search instead.
RELATED_LIMIT = 500
#: Events and versions that stand on an object's own page; the rest is behind a link.
PAST_SHOWN = 10
#: Stands for the number of each choice of a filter.
_EACH = "-each-"
#: Suffixes by which filters of one field ask: Django's own, and unfold's ranges.
_SAFE_LOOKUPS = (
    "", "__exact", "__in", "__isnull", "__id__exact", "__pk__exact", "__gte", "__gt", "__lte", "__lt", "__isempty",
    "_from", "_to", "_from_0", "_from_1", "_to_0", "_to_1",
)


def visible(model: type[models.Model], user: Any, permission: str | None = None) -> QuerySet:
    """Rows of any model that a user may see; a model without scope (a foreign package's) shows none."""
    if isinstance(getattr(model, "scope", None), Scope):
        queryset = model._default_manager.get_queryset()
        if isinstance(queryset, ScopedQuerySet):
            return queryset.visible_to(user, permission)
    return model._default_manager.none()


def with_names(rows: QuerySet) -> QuerySet:
    """Rows with those whose names are a part of theirs (`named_by`): asked once for all choices, not for each."""
    named_by: tuple[str, ...] = getattr(rows.model, "named_by", ())
    return rows.select_related(*named_by) if named_by else rows


class VisibleRelatedFilter(admin.RelatedFieldListFilter):
    """Offers related rows that the user may see; Django's own offers everybody's."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """Primary key and text; a model that says which of its fields are its name (`name_fields`) is read for these alone."""
        rows = with_names(visible(field.remote_field.model, request.user))
        told: tuple[str, ...] = getattr(field.remote_field.model, "name_fields", ())
        return [(row.pk, str(row)) for row in (rows.only(*told) if told else rows)[:RELATED_LIMIT]]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Django's own; the address is written once, for a number that stands for all, and not for each of some hundred."""
        if changelist.add_facets:
            yield from super().choices(changelist)
            return
        offered, self.lookup_choices = self.lookup_choices, []
        everything, *nothing = super().choices(changelist)
        self.lookup_choices = offered
        chosen = self.lookup_val or ()
        address = changelist.get_query_string({self.lookup_kwarg: _EACH}, [self.lookup_kwarg_isnull])
        yield everything
        for number, text in offered:
            said = str(number)
            yield {"selected": said in chosen, "query_string": address.replace(_EACH, said), "display": text}
        yield from nothing

    def has_output(self) -> bool:
        """Something to choose between."""
        return len(self.lookup_choices) > 1


def _within(db_field: Any, request: HttpRequest, chosen: QuerySet | None) -> QuerySet:
    """Rows of a relation that the user may see, of those that a page has chosen."""
    seen = with_names(visible(db_field.remote_field.model, request.user))
    return seen if chosen is None else with_names(chosen).filter(pk__in=seen.order_by().values("pk"))


class ScopedChoices:
    """Form fields of relations offer, and accept, visible rows only."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A foreign key within scope, and within the page's own choice of rows."""
        if db_field.name in getattr(self, "raw_id_fields", ()):
            raise ImproperlyConfigured(f"{type(self).__name__}: raw_id_fields name any row whose number is typed")
        kwargs["queryset"] = _within(db_field, request, kwargs.get("queryset"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A many-to-many within scope, and within the page's own choice of rows."""
        if db_field.name in getattr(self, "raw_id_fields", ()):
            raise ImproperlyConfigured(f"{type(self).__name__}: raw_id_fields name any row whose number is typed")
        kwargs["queryset"] = _within(db_field, request, kwargs.get("queryset"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class ScopedFormSet(BaseInlineFormSet):
    """Takes numbers of its own rows only; Django's takes that of any row there is, which tells that there is one."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Django's fields, the number held to the rows shown."""
        super().add_fields(form, index)
        model: Any = self.model
        number = form.fields.get(model._meta.pk.name)
        if isinstance(number, ModelChoiceField):
            number.queryset = model._default_manager.filter(pk__in=self.get_queryset().order_by().values("pk"))


class ScopedTabularInline(ScopedChoices, TabularInline):
    """Rows below an object: those that the user may see, by their own scope."""

    formset = ScopedFormSet
    extra = 0
    show_change_link = False
    #: The row's own name above its cells would be a number.
    hide_title = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A formset of another kind would take the numbers of rows out of reach."""
        super().__init_subclass__(**kwargs)
        if not issubclass(cls.formset, ScopedFormSet):
            raise ImproperlyConfigured(f"{cls.__name__}: {cls.formset.__name__} is no ScopedFormSet")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the object above."""
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Visible rows."""
        queryset = visible(self.model, request.user)
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset


class ScopedModelAdmin(ScopedChoices, ExportButton, ModelAdmin):
    """Queryset, relations, filters, lookups, history and missing objects, all within scope.

    Nothing is deleted, and Django's LogEntry is not written: it keeps `str(obj)` of everybody in one unscoped table;
    events and history take its place.
    """

    @admin.display(description=ModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: models.Model) -> str:
        """The box that selects a row."""
        return list_rows.box(obj.pk)

    actions: Any = ()
    list_per_page = 50
    #: Of choices that are searched; lists turn by key.
    paginator = CappedPaginator
    show_full_result_count = False
    #: What a list's page names of others, where an object's own page names more: the rest is not joined for fifty rows.
    joined_on_pages: tuple[str, ...] = ()
    #: Whether `whereabouts` gives stretches of keys, which are read in their order; no filter of the list may ask the table again.
    reads_between = False
    #: A page's keys are asked for first, and its rows with all that is joined by these.
    keys_first = False
    #: Lookups by URL beyond those of `list_filter`.
    allowed_lookups: tuple[str, ...] = ()
    change_form_template = "audit/object_page.html"
    list_before_template = "portal/actions.html"
    compressed_fields = True
    warn_unsaved_form = True

    def permission(self, verb: str) -> str:
        """The name of a permission on this model: "view" -> "app.view_model"."""
        return f"{self.opts.app_label}.{verb}_{self.opts.model_name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Visible rows."""
        queryset = visible(self.model, request.user, self.permission("view"))
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[KeysetChangeList]:
        """A list whose pages turn by key."""
        return KeysetChangeList

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """Conditions that narrow the rows of a page to where they lie, to be tried in turn, each with whether none lies outside.

        Of a list of millions that something counts; by default nothing is known.
        """
        return ()

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """How many rows a list has, where that is known without counting them."""
        return None

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Look up what the rows of a list's page name, in one question for all of them."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A visible row; no row has a NUL in its key, and PostgreSQL would not even compare one."""
        return None if "\x00" in str(object_id) else super().get_object(request, object_id, from_field)

    def reaches(self, request: HttpRequest, object_id: str | int, permission: str) -> bool:
        """Whether a role that gives the permission reaches the object; asked once per request."""
        user: Any = request.user
        if "\x00" in str(object_id):
            return False
        held: dict[Any, bool] = request.__dict__.setdefault("_audit_reaches", {})
        # One role may open a row to be read only: what it reads says nothing of what it may change.
        key = (self.model, str(object_id), only_reads(permission), tuple(user.grants(permission)))
        if key not in held:
            try:
                held[key] = visible(self.model, user, permission).filter(pk=object_id).exists()
            except (ValueError, TypeError):
                held[key] = False
        return held[key]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Permission of a role; the object was fetched within scope."""
        return bool(request.user.has_perm(self.permission("view")))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may see rows sees the room."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Permission of a role that reaches anything: what everybody shares is not everybody's to add to."""
        permission = self.permission("add")
        return bool(request.user.has_perm(permission)) and not visible(self.model, request.user, permission).query.is_empty()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Permission of a role that reaches the object."""
        permission = self.permission("change")
        if not request.user.has_perm(permission):
            return False
        return obj is None or obj.pk is None or self.reaches(request, obj.pk, permission)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted by hand."""
        return False

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Related filters within scope; a filter over all values of a text column would tell everybody's."""
        queues = [QueueFilter] if panels.queues_of(self.model, request.user) else []
        return [*queues, *(self._safe_filter(item) for item in super().get_list_filter(request))]

    def _safe_filter(self, item: Any) -> Any:
        if isinstance(item, tuple):
            self._refuse_telling_filter(*item)
        if not isinstance(item, str):
            return item
        field = get_fields_from_path(self.model, item)[-1]
        if field.is_relation:
            return (item, VisibleRelatedFilter)
        if field.choices or isinstance(field, models.BooleanField | models.DateField):
            return item
        raise ImproperlyConfigured(f"{type(self).__name__}: a filter on {item} would list everybody's values")

    def _refuse_telling_filter(self, name: str, kind: Any) -> None:
        """A filter of a page's own choice may not list everybody's rows or values either."""
        field = get_fields_from_path(self.model, name)[-1]
        own = (VisibleRelatedFilter, admin.EmptyFieldListFilter)
        if issubclass(kind, admin.AllValuesFieldListFilter) or (field.is_relation and not issubclass(kind, own)):
            raise ImproperlyConfigured(f"{type(self).__name__}: {kind.__name__} on {name} would list everybody's")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the page's own filters ask; nothing else comes in by URL."""
        if "\x00" in str(value):
            return False
        names = set(self.allowed_lookups)
        for item in self.get_list_filter(request) if request is not None else ():
            name = item if isinstance(item, str) else item[0] if isinstance(item, tuple) else ""
            if not name:
                names.add(getattr(item, "parameter_name", None) or "")
                continue
            names.update(name + suffix for suffix in _SAFE_LOOKUPS)
            field: Any = get_fields_from_path(self.model, name)[-1]
            if field.is_relation:
                names.add(f"{name}__{field.target_field.name}__exact")
        if self.date_hierarchy:
            names.update(f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day", "gte", "lt"))
        return lookup in names

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Never a personal column: those are found by their blind index."""
        fields = super().get_search_fields(request)
        for name in fields:
            try:
                self._refuse_personal(name.lstrip("^=@"))
            except FieldDoesNotExist:
                continue
        return fields

    def _refuse_personal(self, path: str) -> None:
        model = self.model
        for part in path.split("__"):
            if part in getattr(model, "personal_fields", ()):
                raise ImproperlyConfigured(f"{type(self).__name__}: {path} is personal")
            field = model._meta.get_field(part)
            if not field.is_relation:
                return
            model = field.related_model

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """A foreign object is as missing as one that never was; Django answers 302 and repeats the id."""
        raise Http404

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A row may not be moved out of its writer's reach."""
        super().save_model(request, obj, form, change)
        permission = self.permission("change" if change else "add")
        if not visible(self.model, request.user, permission).filter(pk=obj.pk).exists():
            raise PermissionDenied

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Nothing is deleted by hand."""
        raise PermissionDenied

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Events take the place of LogEntry."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Events take the place of LogEntry."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Events take the place of LogEntry."""

    def told_by(self, request: HttpRequest, obj: Any) -> list[models.Model]:
        """The objects whose events and versions stand on the page of this one; the page's own first."""
        return [obj]

    def came_by(self, request: HttpRequest, obj: Any) -> list[models.Model]:
        """Further objects whose events stand on its timeline, without their versions: what it came into being by."""
        return []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """With what happened to the object, and what was changed of it."""
        if obj is not None and request.method == "GET":
            told = self.told_by(request, obj)
            context = {
                **context,
                "timeline": events.timeline_page([*told, *self.came_by(request, obj)], to=request.user, limit=PAST_SHOWN),
                "histories": past_of(told, to=request.user, limit=PAST_SHOWN),
                "panels": context.get("panels") or panels.render_panels(obj, request),
                "past_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[quote(obj.pk)]),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The whole timeline of one object, and every version of it, in pages."""
        found = self.get_object(request, object_id)
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        told = self.told_by(request, found)
        return TemplateResponse(
            request,
            "audit/timeline_page.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _t("Timeline: %(object)s") % {"object": found},
                "timeline": events.timeline_page(
                    [*told, *self.came_by(request, found)], to=request.user, before=_number(request, "before")
                ),
                "histories": past_of(told, to=request.user, request=request),
                "whole": True,
                "object": found,
                **(extra_context or {}),
            },
        )


@dataclass(frozen=True)
class Past:
    """A page of one object's versions; `key` is the part of the address that turns it."""

    title: str
    key: str
    versions: Versions


def past_of(
    told: Sequence[models.Model], *, to: Any, limit: int = PAGE, request: HttpRequest | None = None
) -> list[Past]:
    """The versions of each object that history keeps."""
    return [
        Past(
            str(one), f"v{at}",
            versions(one, to=to, limit=limit, before=_number(request, f"v{at}") if request is not None else None),
        )
        for at, one in enumerate(told) if history_model(type(one)) is not None
    ]


def _number(request: HttpRequest, name: str) -> int | None:
    """A whole number of the address; nothing for anything else."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


class ReadOnlyScopedAdmin(ScopedModelAdmin):
    """A page to look at: every change is a button with its own action."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By a button."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By a button."""
        return False
