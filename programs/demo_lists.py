"""A small made-up set of hospitals and codes, for the demo and the tests; nothing of it is official."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_noop

from accounts.models import Region
from programs.actions import import_codes, import_hospitals
from programs.actions.lists import ListImport
from programs.models import Code, Hospital

SYSTEM = gettext_noop("system:reference")
_SINCE = date(2022, 1, 1)
#: County, its place in the county's numbers, name, level, grade, public, designated, last day.
_HOSPITALS: tuple[tuple[str, int, str, int, str, bool, bool, date | None], ...] = (
    ("441602", 1, "河源市第一人民医院(示例)", 3, "A", True, True, None),
    ("441602", 2, "源城区人民医院(示例)", 2, "A", True, True, None),
    ("441602", 3, "源城区妇幼保健院(示例)", 2, "B", True, True, None),
    ("441602", 4, "源城康宁专科医院(示例)", 2, "", False, True, date(2025, 7, 1)),
    ("441602", 5, "上城街道社区卫生服务中心(示例)", 1, "", True, True, None),
    ("441621", 1, "紫金县人民医院(示例)", 2, "A", True, True, None),
    ("441621", 2, "紫城镇中心卫生院(示例)", 1, "A", True, True, None),
    ("441621", 3, "紫金仁爱门诊部(示例)", 0, "", False, False, None),
    ("441702", 1, "阳江市中心医院(示例)", 3, "B", True, True, None),
    ("441702", 2, "江城区中医医院(示例)", 2, "A", True, True, None),
    ("451002", 1, "百色市人民医院(示例)", 3, "A", True, True, None),
    ("451081", 1, "靖西市人民医院(示例)", 2, "A", True, True, None),
)
#: System, code, name, class or chapter.
_CODES = (
    (Code.System.OCCUPATION, "010101", "机关内勤人员", "1"),
    (Code.System.OCCUPATION, "010203", "外勤收费员", "2"),
    (Code.System.OCCUPATION, "040102", "商超理货员", "2"),
    (Code.System.OCCUPATION, "050204", "外卖配送员(电动车)", "4"),
    (Code.System.OCCUPATION, "050207", "快递分拣员", "3"),
    (Code.System.OCCUPATION, "060311", "建筑高处作业人员", "6"),
    (Code.System.OCCUPATION, "060902", "爆破作业人员", "7"),
    (Code.System.DIAGNOSIS, "C34.900", "支气管或肺恶性肿瘤", "II"),
    (Code.System.DIAGNOSIS, "E11.900", "2型糖尿病", "IV"),
    (Code.System.DIAGNOSIS, "I10.x00", "特发性高血压", "IX"),
    (Code.System.DIAGNOSIS, "I63.900", "脑梗死", "IX"),
    (Code.System.DIAGNOSIS, "J30.400", "变应性鼻炎", "X"),
    (Code.System.DIAGNOSIS, "S72.000", "股骨颈骨折", "XIX"),
    (Code.System.DRUG, "XL01FF01", "示例单抗注射液(100mg)", "肺癌"),
    (Code.System.DRUG, "XL01EB02", "示例替尼片(250mg)", "肺癌"),
)


def make_hospitals(*, at: datetime) -> ListImport:
    """The hospitals of those counties that are known; again, nothing changes."""
    places = set(Region.objects.filter(level=Region.Level.COUNTY).values_list("code", flat=True))
    edition = [
        Hospital(
            code=f"H{county}{number:05d}", name=name, level=level, grade=grade, public=public, region_code=county,
            designated=designated, designated_from=_SINCE if designated else None, designated_to=ends,
        )
        for county, number, name, level, grade, public, designated, ends in _HOSPITALS if county in places
    ]
    return import_hospitals(edition, by=SYSTEM, at=at)


def make_codes(*, at: datetime) -> ListImport:
    """The portal's tables; again, nothing changes."""
    edition = [
        Code(system=system, code=code, name=name, group=group, valid_from=_SINCE) for system, code, name, group in _CODES
    ]
    return import_codes(edition, organization=None, by=SYSTEM, at=at)
