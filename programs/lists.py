"""Categories, hospitals and codes as files: their columns, what a row says, and the action that takes a file in.

Headings and choices are those that offices use, in every language of the portal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from intake.columns import Column
from intake.reference.resource import NO, YES, Fault, ReferenceResource, as_day, yes_or_no
from programs.actions import CategoryLine, import_categories, import_codes, import_hospitals
from programs.actions.lists import hold_list, keeper_of
from programs.models import Category, Code, Hospital
from programs.models.reference import HOSPITAL_CODE, PLAIN_CODE

_YES_NO = (YES, NO)
_POSITION = re.compile(r"[0-9]{1,4}")
_CATEGORY_CODE = re.compile(r"[a-z][a-z_]{1,19}")
_WORDS = re.compile(r"[、,;;,]+")

CATEGORY_COLUMNS = (
    Column(
        "code", "类别代码", ("代码", "code"), required=True, max_length=20, example="dibao",
        help=_("Small letters and _; it stands in old data and never changes."),
    ),
    Column("name", "类别名称", ("名称", "类别", "name"), required=True, max_length=60, example="低保对象"),
    Column(
        "synonyms", "其他叫法", ("别名", "同义词", "synonyms"), max_length=500, example="低保户、农村低保",
        help=_("Other words that rosters use for it; several: separated by 、"),
    ),
    Column("position", "顺序", ("排序", "position"), max_length=4, example="4", help=_("Where it stands in lists. Empty: 100.")),
    Column("active", "启用", ("是否启用", "active"), clean="choice", choices=_YES_NO, example=YES, help=_("Empty: yes.")),
)


class CategoryResource(ReferenceResource):
    """Hardship categories."""

    columns = CATEGORY_COLUMNS

    class Meta:
        """By code."""

        model = Category
        import_id_fields = ("code",)

    def lock(self) -> None:
        """Nobody else adds a category meanwhile."""
        hold_list(Category)

    def look_around(self) -> None:
        """Who bears which name, in the list and in the file."""
        self.bearers = {each.name: each.code for each in self.get_queryset()}
        self.first_named: dict[str, str] = {}
        for line in self.lines:
            self.first_named.setdefault(line.cells["name"] or "", line.cells["code"] or "")

    def assign(self, instance: Category, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """An empty cell means the usual."""
        code, name = cells["code"] or "", cells["name"] or ""
        words = [word.strip() for word in _WORDS.split(cells["synonyms"] or "") if word.strip()]
        position = cells["position"] or "100"
        instance.code, instance.name, instance.synonyms = code, name, list(dict.fromkeys(words))
        instance.active = cells["active"] != NO
        if code and not _CATEGORY_CODE.fullmatch(code):
            yield Fault("code", "CODE_FORMAT", "a-z _")
        bearer = next(
            (each for each in (self.bearers.get(name), self.first_named.get(name)) if each and each != code), None
        )
        if name and bearer:
            yield Fault("name", "NAME_TAKEN", bearer)
        if any(len(word) > 60 for word in words):
            yield Fault("synonyms", "TEXT_LONG", "60")
        if not _POSITION.fullmatch(position):
            yield Fault("position", "NUMBER_FORMAT", "0–9999")
        else:
            instance.position = int(position)

    def cells_of(self, instance: Category) -> dict[str, str]:
        """As the file has them."""
        return {
            "code": instance.code, "name": instance.name, "synonyms": "、".join(instance.synonyms),
            "position": str(instance.position), "active": yes_or_no(instance.active),
        }

    def take_in(self, *, by: User, at: datetime) -> None:
        """By the action."""
        lines = [
            CategoryLine(each.code, each.name, tuple(each.synonyms), each.position, each.active) for each in self.touched
        ]
        import_categories(lines, by=by, at=at)


#: How offices write level and grade in one word.
STANDINGS = {
    f"{level_word}{grade_word}": (level, grade)
    for level_word, level in (("三级", 3), ("二级", 2), ("一级", 1))
    for grade_word, grade in (("甲等", "A"), ("乙等", "B"), ("丙等", "C"), ("", ""))
} | {"未定级": (0, "")}
_STANDING_OF = {standing: word for word, standing in STANDINGS.items()}
OWNERSHIPS: dict[str, bool] = {"公立": True, "民营": False}
_OWNERSHIP_OF: dict[bool | None, str] = {None: "", **{public: word for word, public in OWNERSHIPS.items()}}

HOSPITAL_COLUMNS = (
    Column(
        "code", "定点医疗机构编码", ("医疗机构编码", "机构编码", "国家编码", "医院编码", "code"), required=True, max_length=12,
        example="H44160200012", help=_("H and 11 digits, as in the national list. Format the column as text before typing."),
    ),
    Column(
        "name", "医疗机构名称", ("定点医疗机构名称", "机构名称", "医院名称", "名称", "name"), required=True, max_length=100,
        example="源城区人民医院(示例)",
    ),
    Column(
        "standing", "医院等级", ("等级", "医疗机构等级", "级别", "level"), clean="choice", choices=tuple(STANDINGS),
        example="二级甲等", help=_("Empty: ungraded."),
    ),
    Column(
        "ownership", "办医性质", ("机构性质", "所有制", "ownership"), clean="choice", choices=tuple(OWNERSHIPS), example="公立",
        help=_("Public or private; empty: not known."),
    ),
    Column(
        "region_code", "行政区划代码", ("区划代码", "地区代码", "region"), required=True, max_length=12, example="441602",
        help=_("Code of its county (6), town (9) or village (12 digits)."),
    ),
    Column(
        "designated", "是否定点", ("定点", "designated"), clean="choice", choices=_YES_NO, example=YES,
        help=_("Whether basic insurance counts there. Empty: yes."),
    ),
    Column(
        "designated_from", "定点开始日期", ("定点起始日期", "designated_from"), clean="date", example="2022-01-01",
        help=_("Empty: since ever."),
    ),
    Column(
        "designated_to", "停止定点日期", ("定点终止日期", "designated_to"), clean="date", example="",
        help=_("The first day on which it is no longer designated. Empty: it is designated until further notice."),
    ),
)


class HospitalResource(ReferenceResource):
    """Hospitals."""

    columns = HOSPITAL_COLUMNS

    class Meta:
        """By national code."""

        model = Hospital
        import_id_fields = ("code",)

    def lock(self) -> None:
        """Nobody else writes a hospital meanwhile."""
        hold_list(Hospital)

    def look_around(self) -> None:
        """Which of the named places are known, from the county down."""
        wanted = {line.cells["region_code"] for line in self.lines}
        places = Region.objects.filter(code__in=wanted - {None}, level__gte=Region.Level.COUNTY)
        self.places = set(places.values_list("code", flat=True))

    def assign(self, instance: Hospital, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """An empty cell means the usual."""
        code, region = cells["code"] or "", cells["region_code"] or ""
        instance.code, instance.name, instance.region_code = code, cells["name"] or "", region
        instance.level, instance.grade = STANDINGS[cells["standing"] or "未定级"]
        instance.public = OWNERSHIPS.get(cells["ownership"] or "")
        instance.designated = cells["designated"] != NO
        instance.designated_from, instance.designated_to = cells["designated_from"], cells["designated_to"]
        if code and not re.fullmatch(HOSPITAL_CODE, code):
            yield Fault("code", "CODE_FORMAT", "H + 11")
        if region and region not in self.places:
            yield Fault("region_code", "REGION_UNKNOWN")
        if not instance.designated and (instance.designated_from or instance.designated_to):
            yield Fault("designated", "NOT_DESIGNATED")
        if instance.designated_from and instance.designated_to and instance.designated_to <= instance.designated_from:
            yield Fault("designated_to", "ENDS_BEFORE")

    def cells_of(self, instance: Hospital) -> dict[str, str]:
        """As the file has them."""
        return {
            "code": instance.code, "name": instance.name,
            "standing": _STANDING_OF.get((instance.level, instance.grade), ""),
            "ownership": _OWNERSHIP_OF[instance.public], "region_code": instance.region_code,
            "designated": yes_or_no(instance.designated), "designated_from": as_day(instance.designated_from),
            "designated_to": as_day(instance.designated_to),
        }

    def take_in(self, *, by: User, at: datetime) -> None:
        """By the action."""
        import_hospitals(self.touched, by=by, at=at)


SYSTEMS = {"职业": Code.System.OCCUPATION, "疾病诊断": Code.System.DIAGNOSIS, "特定药品": Code.System.DRUG}
_SYSTEM_OF = {str(system.value): word for word, system in SYSTEMS.items()}

CODE_COLUMNS = (
    Column(
        "system", "代码类型", ("类型", "代码体系", "system"), required=True, clean="choice", choices=tuple(SYSTEMS), example="职业",
        help=_("What the codes are of."),
    ),
    Column(
        "code", "代码", ("编码", "职业代码", "诊断编码", "code"), required=True, max_length=40, example="010101",
        help=_("Letters, digits and . * + / _ - without blanks. Format the column as text before typing."),
    ),
    Column("name", "名称", ("职业名称", "诊断名称", "name"), required=True, max_length=200, example="机关内勤人员"),
    Column(
        "group", "类别", ("职业类别", "章", "group"), max_length=40, example="1",
        help=_("An occupation's class (1 to 6, 7 is refused), a diagnosis's chapter."),
    ),
    Column("valid_from", "启用日期", ("valid_from",), clean="date", example="2024-01-01", help=_("Empty: since ever.")),
    Column(
        "valid_to", "停用日期", ("valid_to",), clean="date", example="",
        help=_("The first day on which it no longer holds. Empty: it holds."),
    ),
)


class CodeResource(ReferenceResource):
    """Codes of one table: the portal's for its operator, else that of the user's own organization."""

    columns = CODE_COLUMNS

    class Meta:
        """By system and code."""

        model = Code
        import_id_fields = ("system", "code")

    def lock(self) -> None:
        """Nobody else writes a code meanwhile."""
        hold_list(Code)

    def own_table(self, rows: QuerySet) -> QuerySet:
        """The table that the user writes; whoever administers those above others still has one of their own."""
        return rows.filter(organization=keeper_of(self.user, "programs.import_code")) if self.user is not None else rows

    def rows_named(self) -> QuerySet:
        """By code; the system is compared with it."""
        return self.get_queryset().filter(code__in={line.cells["code"] for line in self.lines} - {None})

    def assign(self, instance: Code, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """Which table it stands in, no file says."""
        code = cells["code"] or ""
        instance.code, instance.name, instance.group = code, cells["name"] or "", cells["group"] or ""
        if cells["system"]:
            instance.system = SYSTEMS[cells["system"]].value
        instance.valid_from, instance.valid_to = cells["valid_from"], cells["valid_to"]
        if code and not re.fullmatch(PLAIN_CODE, code):
            yield Fault("code", "CODE_FORMAT", "A-Z 0-9 . * + / _ -")
        if instance.valid_from and instance.valid_to and instance.valid_to <= instance.valid_from:
            yield Fault("valid_to", "ENDS_BEFORE")
        if instance.system == Code.System.OCCUPATION and instance.group and instance.group not in tuple("1234567"):
            yield Fault("group", "NUMBER_FORMAT", "1–7")

    def cells_of(self, instance: Code) -> dict[str, str]:
        """As the file has them."""
        return {
            "system": _SYSTEM_OF.get(instance.system, ""), "code": instance.code, "name": instance.name, "group": instance.group,
            "valid_from": as_day(instance.valid_from), "valid_to": as_day(instance.valid_to),
        }

    def take_in(self, *, by: User, at: datetime) -> None:
        """By the action, into the table that was compared."""
        import_codes(self.touched, organization=keeper_of(by, "programs.import_code"), by=by, at=at)
