"""Made-up people for demos, tests and benchmarks: real regions, right checksums, nobody who lives.

The same arguments give the same rows. Faults are planted at a rate and told in a manifest: line -> code.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from accounts.regions_file import VENDORED, RegionRow, read_regions
from beneficiaries.columns import COLUMNS

HEADINGS = tuple(str(column.label) for column in COLUMNS)
KEYS = tuple(column.key for column in COLUMNS)
AT = {key: place for place, key in enumerate(KEYS)}
#: Ages are counted from here, so that a seed gives the same people in every year.
EPOCH = date(2026, 1, 1)

_SURNAMES = "李王张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
_DOUBLE = ("欧阳", "司徒", "上官", "诸葛")
_MALE = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆志建国文海林龙东"
_FEMALE = "芳娜敏静丽艳娟霞秀英玲桂燕萍红云莉梅兰凤洁琳雪慧怡婷雯倩佳颖珍玉"
_RARE = ("㛃", "龑", "翀", "彧", "喆", "堃")
_DOTTED = ("阿依古丽·买买提", "次仁·卓玛", "巴图·额尔敦")
_CATEGORIES = ("低保对象", "特困人员", "低保边缘家庭成员", "重度残疾人", "脱贫人口", "孤儿", "刚性支出困难家庭", "事实无人抚养儿童")
_BANKS = (("中国农业银行", "622848"), ("中国邮政储蓄银行", "621098"), ("农村信用社", "622138"), ("中国建设银行", "621700"))
_STREETS = ("人民路", "文明路", "建设街", "新村", "兴源路", "东门巷", "河边组", "上屋村", "学前路", "中山街")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True)
class Line:
    """One line of a file: its cells, and the codes that the checks must find in it."""

    cells: tuple[str, ...]
    codes: tuple[str, ...] = ()


def check_character(body: str) -> str:
    """The 18th character of a resident ID (GB 11643, ISO 7064 mod 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def luhn_number(body: str) -> str:
    """A card number with its check digit."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


def people(rows: int, *, seed: int, region: str = "4416", dirty: float = 0.0, first: int = 0) -> Iterator[Line]:
    """Lines about as many different people of a city or county; with `dirty` about that share has one fault.

    `first` skips people of the same seed, so that two files hold different ones.
    """
    chance = random.Random(f"{seed}/{region}")  # noqa: S311 - nothing secret: the same seed gives the same people
    counties, towns = _places(region)
    spread = 70 * 365
    before: Line | None = None
    for number in range(first, first + rows):
        county = counties[number % len(counties)]
        # Unique by construction: birth day and sequence are the digits of a number that grows per county.
        turn = number // len(counties)
        birth = EPOCH - timedelta(days=1 + (turn * 9_973) % (spread + 25 * 365))
        line = _line(chance, county, towns[county], birth, sequence=turn // (spread + 25 * 365) + 1)
        if dirty and chance.random() < dirty:
            line = _spoilt(chance, line, before)
        yield line
        if not line.codes:
            before = line


@cache
def _places(region: str) -> tuple[list[str], dict[str, list[tuple[str, str]]]]:
    """Counties in force below a region, and their towns (or the county itself where none is known)."""
    rows = [row for row in read_regions(VENDORED) if row.code.startswith(region) and row.valid_to is None]
    counties = sorted(row.code for row in rows if len(row.code) == 6 and row.name != "市辖区")
    if not counties:
        raise ValueError(f"no county is known below {region}")
    towns: dict[str, list[tuple[str, str]]] = {code: [] for code in counties}
    for row in rows:
        if len(row.code) == 9 and row.code[:6] in towns:
            towns[row.code[:6]].append((row.code, row.name))
    names: dict[str, RegionRow] = {row.code: row for row in rows}
    for code in counties:
        towns[code] = towns[code] or [(code, names[code].name)]
    return counties, towns


def _line(
    chance: random.Random, county: str, towns: Sequence[tuple[str, str]], birth: date, *, sequence: int
) -> Line:
    spin = chance.random
    pick = chance.choice
    male = spin() < 0.5
    number = sequence * 2 + (1 if male else 0)
    body = f"{county}{birth:%Y%m%d}{number % 1000:03d}"
    document = body + check_character(body)
    surname = pick(_DOUBLE) if spin() < 0.01 else pick(_SURNAMES)
    given = pick(_MALE if male else _FEMALE) + (pick(_MALE if male else _FEMALE) if spin() < 0.7 else "")
    name = surname + given
    if spin() < 0.004:
        name = pick(_DOTTED) if spin() < 0.5 else surname + pick(_RARE)
    town, town_name = towns[int(spin() * len(towns))]
    minor = (EPOCH - birth).days < 18 * 365
    category = "孤儿" if minor and spin() < 0.1 else _CATEGORIES[int(spin() * 5)] if not minor else "低保对象"
    if spin() < 0.03:
        category += "、重度残疾人"
    bank, prefix = _BANKS[int(spin() * len(_BANKS))]
    phone = f"1{pick('3578')}{int(spin() * 10**9):09d}" if spin() < 0.9 else ""
    guardian = guardian_document = guardian_phone = ""
    if minor:
        guardian = surname + pick(_FEMALE) + pick(_MALE)
        parent = f"{county}{birth.year - 26}{birth:%m%d}"[:14] if birth.month != 2 else f"{county}{birth.year - 26}0601"
        guardian_body = f"{parent}{number % 1000:03d}"
        guardian_document = guardian_body + check_character(guardian_body)
        # Made of the number, so that a seed gives the same people as before there was this column.
        guardian_phone = f"13{int(guardian_body[-9:]) % 10**9:09d}"
    return Line(
        (
            name, "居民身份证", document, "男" if male else "女", f"{birth:%Y-%m-%d}", town,
            f"{town_name}{pick(_STREETS)}{int(spin() * 200) + 1}号", category, phone, bank,
            luhn_number(f"{prefix}{int(spin() * 10**12):012d}"), guardian, "", guardian_document, guardian_phone,
            "母亲" if minor else "", "",
        )
    )


def _spoilt(chance: random.Random, line: Line, before: Line | None) -> Line:
    """The line with one fault, and the code that names it."""
    kind = chance.choice(_FAULTS)
    cells = list(line.cells)
    document = cells[AT["document"]]
    if kind == "DUP_IN_FILE":
        return Line(before.cells, ("DUP_IN_FILE",)) if before is not None else line
    if kind == "ID_CHECKSUM":
        cells[AT["document"]] = document[:-1] + ("2" if document[-1] != "2" else "3")
    elif kind == "ID_LENGTH":
        cells[AT["document"]] = document[:-1]
    elif kind == "NAME_EMPTY":
        cells[AT["name"]] = ""
    elif kind == "NAME_CHARS":
        cells[AT["name"]] += "1"
    elif kind == "ID_DATE":
        body = document[:10] + "0230" + document[14:17]
        cells[AT["document"]], cells[AT["birth_on"]] = body + check_character(body), ""
    elif kind == "REGION_UNKNOWN":
        cells[AT["region_code"]] = document[:4] + "99"
    elif kind == "CATEGORY_UNKNOWN":
        cells[AT["categories"]] = "困难群众"
    elif kind == "ID_MISMATCH":
        cells[AT["sex"]] = "女" if cells[AT["sex"]] == "男" else "男"
    elif kind == "TEXT_NORMALISED":
        cells[AT["document"]] = document[:6] + " " + document[6:]
    return Line(tuple(cells), (kind,))


_FAULTS = (
    "ID_CHECKSUM", "ID_LENGTH", "NAME_EMPTY", "NAME_CHARS", "ID_DATE", "DUP_IN_FILE", "REGION_UNKNOWN",
    "CATEGORY_UNKNOWN", "ID_MISMATCH", "TEXT_NORMALISED",
)
