"""Regions as a list: new editions, towns and villages, through the action that the command calls too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from import_export.results import RowResult
from unfold.widgets import UnfoldAdminDateWidget

from accounts.actions import import_regions
from accounts.actions.regions import EditionChange, compare_edition, shrinks
from accounts.admin.regions import RegionAdmin
from accounts.models import Region, User
from accounts.models.region import CODE_LENGTHS
from accounts.regions_file import RegionRow, parent_of
from intake.columns import Column
from intake.reference.pages import ImportForm, ReferencePages, listing
from intake.reference.resource import Change, Fault, ListRow, ReferenceResource, as_day

COLUMNS = (
    Column(
        "code", "区划代码", ("代码", "行政区划代码", "code"), required=True, max_length=12, example="441602001",
        help=_("2, 4, 6, 9 or 12 digits: province, city, county, town, village. Format the column as text before typing."),
    ),
    Column("name", "名称", ("区划名称", "name"), required=True, max_length=100, example="上城街道"),
    Column("valid_from", "启用日期", ("valid_from",), clean="date", example="2021-07-01", help=_("Empty: since ever.")),
    Column(
        "valid_to", "停用日期", ("valid_to",), clean="date", example="",
        help=_("The first day on which it no longer exists. Empty: it exists."),
    ),
    Column("successor", "现区划代码", ("后继代码", "successor"), max_length=12, help=_("The one region that took its place.")),
)


class RegionImportForm(ImportForm):
    """The file, and whether it is a full edition."""

    retire_missing_on = forms.DateField(
        label=_("End what the file lacks, on"), required=False, widget=UnfoldAdminDateWidget(),
        help_text=_(
            "Only for a full edition: of the places whose parts it lists, the parts that it lacks end on this day. "
            "Empty: nothing ends."
        ),
    )

    option_names = ("retire_missing_on",)


class RegionResource(ReferenceResource):
    """Administrative divisions."""

    columns = COLUMNS

    class Meta:
        """By code."""

        model = Region
        import_id_fields = ("code",)

    def lock(self) -> None:
        """All regions, as the action does: a name may reach thousands below it."""
        list(Region.objects.select_for_update().order_by("code").values_list("pk", flat=True))

    def rows_named(self) -> QuerySet:
        """The regions of the file."""
        return self.get_queryset().filter(code__in={line.cells["code"] for line in self.lines})

    def look_around(self) -> None:
        """What is known of all places: parents and successors stand in the file or there."""
        self.all = {region.code: region for region in self.get_queryset()}
        self.named = {line.cells["code"] for line in self.lines}

    def assign(self, instance: Region, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """Code, name and days; the rest follows from the whole edition."""
        code, successor = cells["code"] or "", cells["successor"] or ""
        instance.code, instance.name = code, cells["name"] or ""
        instance.valid_from, instance.valid_to = cells["valid_from"], cells["valid_to"]
        instance.successor_id = successor or None
        if code and not _is_code(code):
            yield Fault("code", "CODE_FORMAT", "/".join(str(length) for length in CODE_LENGTHS))
        elif code and not self._knows(parent_of(code)):
            yield Fault("code", "ABOVE_UNKNOWN", parent_of(code))
        if instance.valid_from and instance.valid_to and instance.valid_to <= instance.valid_from:
            yield Fault("valid_to", "ENDS_BEFORE")
        if successor and (len(successor) != len(code) or successor == code or not self._knows(successor)):
            yield Fault("successor", "SUCCESSOR_WRONG")
        elif successor and instance.valid_to is None:
            yield Fault("successor", "SUCCESSOR_EARLY")

    def _knows(self, code: str) -> bool:
        return not code or code in self.all or code in self.named

    def cells_of(self, instance: Region) -> dict[str, str]:
        """As the file has them."""
        return {
            "code": instance.code, "name": instance.name, "valid_from": as_day(instance.valid_from),
            "valid_to": as_day(instance.valid_to), "successor": instance.successor_id or "",
        }

    def beside(self) -> list[ListRow]:
        """Regions that end because the file lacks them, and full names below a renamed one."""
        shown = {region.code for region in self.touched}
        before = {code: self.cells_of(region) | {"full": region.full_name} for code, region in self.all.items()}
        change = self._change()
        return [
            _beside(region, before[region.code], self.cells_of(region) | {"full": region.full_name})
            for region in sorted(change.touched, key=lambda region: region.code) if region.code not in shown
        ]

    def warnings(self, beside: Sequence[ListRow]) -> list[str]:
        """Unusually many that end."""
        ended = sum(any(change.label == _t("valid to") for change in row.changes) for row in beside)
        if not ended:
            return []
        sentence = _t("%(ended)d regions end because the file lacks them.") % {"ended": ended}
        told = {parent_of(line.cells["code"]) for line in self.lines}
        live = ended + sum(
            region.valid_to is None and parent_of(code) in told for code, region in self.all.items()
        )
        if shrinks(ended, live):
            sentence += _t(" That is unusually many: is it a full edition?")
        return [sentence]

    def _edition(self) -> list[RegionRow]:
        return [
            RegionRow(
                line.cells["code"], line.cells["name"], line.cells["valid_from"], line.cells["valid_to"],
                line.cells["successor"] or "", line.number,
            )
            for line in self.lines
        ]

    @property
    def _ends_on(self) -> date | None:
        text = self.options.get("retire_missing_on")
        return date.fromisoformat(text) if text else None

    def _change(self) -> EditionChange:
        """What the edition does to all that is known; `all` is changed by it."""
        return compare_edition(self._edition(), self.all, retire_missing_on=self._ends_on)

    def take_in(self, *, by: User, at: datetime) -> None:
        """By the action; how many end was on the preview."""
        ends_on = self._ends_on
        retired = None
        if ends_on is not None:
            known = {region.code: region for region in self.get_queryset()}
            retired = len(compare_edition(self._edition(), known, retire_missing_on=ends_on).retired)
        import_regions(self._edition(), by=by, at=at, retire_missing_on=ends_on, retire_expected=retired)


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) in CODE_LENGTHS


def _beside(region: Region, before: dict[str, str], after: dict[str, str]) -> ListRow:
    row = ListRow()
    row.import_type, row.name = RowResult.IMPORT_TYPE_UPDATE, f"{region.code} {region.name}"
    labels = {"valid_to": _t("valid to"), "full": _t("full name")}
    row.changes = [
        Change(label, before[key], after[key]) for key, label in labels.items() if before[key] != after[key]
    ]
    return row


@admin.register(Region)
class RegionListAdmin(ReferencePages, RegionAdmin):
    """The regions' page, with their import."""

    resource_classes = (RegionResource,)
    import_form_class = RegionImportForm

    has_import_permission = listing("accounts.import_region")
    has_export_permission = listing("accounts.export_region")
