"""One ugly workbook as a county office would send it, line by line, with what each line must become. All people are made up.

Everything here is declared, nothing is drawn: the same code gives the same cells. `messy_book` writes them as a workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from beneficiaries.columns import COLUMNS
from beneficiaries.synthetic import check_character, luhn_number
from intake.findings import Verdict

#: The county whose office sends it, and a neighbor of it.
COUNTY, NEIGHBOR, RETIRED = "451081", "451022", "451025"
FILE_NAME = "靖西市困难群众参保汇总表.xlsx"
KEYS = tuple(column.key for column in COLUMNS)
_LABELS = {column.key: str(column.label) for column in COLUMNS}


@dataclass(frozen=True)
class Formula:
    """A cell that is calculated; `shown` is what the office saw, None where it was never calculated."""

    text: str
    shown: str | None


@dataclass(frozen=True)
class Failed:
    """A cell that shows an error."""

    shown: str = "#N/A"


Cell: TypeAlias = "str | int | date | Formula | Failed"


@dataclass(frozen=True)
class Line:
    """A row below a header. `verdict` is None for rows that are nobody's: totals, signatures, headings printed again."""

    cells: Mapping[str, Cell]
    verdict: Verdict | None = Verdict.NEW
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A sheet: rows above its data, keys of its columns from the left ("" and words for columns of its own), its rows.

    `merged` are places as a spreadsheet names them. `read`: whether the office means it to be imported.
    """

    name: str
    above: Sequence[Sequence[str]]
    keys: Sequence[str]
    lines: Sequence[Line]
    merged: Sequence[str] = ()
    read: bool = True
    hidden: bool = False


class Expected(NamedTuple):
    """What one line becomes: its place, its verdict, the codes of its findings in their order."""

    sheet: str
    line: int
    verdict: str
    codes: tuple[str, ...]


def expected() -> Iterator[Expected]:
    """What each line of the sheets that are read becomes, once the office's words are said."""
    for sheet in SHEETS:
        for number, line in enumerate(sheet.lines, len(sheet.above) + 1):
            if sheet.read and line.verdict is not None:
                yield Expected(sheet.name, number, line.verdict.name, line.codes)


# -- People --------------------------------------------------------------------------------------------------------------

_SURNAMES, _GIVEN = "韦黄农陆梁覃许李赵马", ("秀珍", "志强", "美花", "家明", "凤英", "建国", "月娥", "海生", "玉兰", "德才")


def number_of(birth: date, sequence: int) -> str:
    """A resident ID as this county has given them: under the code that it had then."""
    county = "452626" if birth.year < 2002 else RETIRED if birth.year < 2016 else COUNTY
    body = f"{county}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def someone(number: int, **cells: Cell) -> dict[str, Cell]:
    """The cells of a person, some of them changed; the number makes them somebody else."""
    birth = date(1941 + number * 7 % 58, number % 12 + 1, number * 5 % 27 + 1)
    sequence = 101 + number * 2 + number % 2
    male = sequence % 2 == 1
    given: dict[str, Cell] = {
        "name": _SURNAMES[number * 3 % 10] + _GIVEN[number % 10], "document_type": "居民身份证",
        "document": number_of(birth, sequence), "sex": "男" if male else "女", "birth_on": f"{birth}",
        "region_code": "451081100", "address": f"新靖镇民生街{number + 1}号", "categories": "低保对象",
        "phone": f"1380776{1000 + number}", "bank_name": "广西农村信用社",
        "bank_account": luhn_number(f"622848{number:012d}"), "guardian_name": "", "guardian_document_type": "",
        "guardian_document": "", "guardian_phone": "", "guardian_relation": "", "health": "",
    }
    return {**given, **cells}


def born(number: int, birth: date, sequence: int, **cells: Cell) -> dict[str, Cell]:
    """The same with a birth date and a sequence of one's own."""
    sex = "男" if sequence % 2 else "女"
    return someone(number, **{"document": number_of(birth, sequence), "birth_on": f"{birth}", "sex": sex, **cells})


def _ending_in_x(birth: date) -> int:
    return next(sequence for sequence in range(11, 999, 2) if number_of(birth, sequence).endswith("X"))


def _ending_in_000(year: int, *, right: bool) -> str:
    """A number that Excel may have cut: its check character fits, or does not."""
    days = (date(year, month, day) for month in range(1, 13) for day in range(1, 28))
    return next(
        number[:17] + "0" for number in (number_of(day, 200) for day in days) if (number[17] == "0") == right
    )


# -- Known before --------------------------------------------------------------------------------------------------------

_SAME_BIRTH = date(1955, 5, 5)
#: Covered in the same period already.
THIS_YEAR: tuple[dict[str, Cell], ...] = (
    someone(201), someone(202), someone(203, phone=""), someone(204, name="农志明"),
    born(205, date(1958, 8, 8), 123, name="陆有福"), someone(206), someone(207),
    born(208, _SAME_BIRTH, 212, name="黄秀兰"), born(209, _SAME_BIRTH, 214, name="黄秀兰"),
)
#: Covered a year before, and not since.
LAST_YEAR: tuple[dict[str, Cell], ...] = (someone(211), someone(212), someone(213))
#: Of those who are covered: who has died.
DIED = someone(207)


def rows_of(people: Sequence[Mapping[str, Cell]]) -> list[list[str]]:
    """Lines of the plain layout."""
    return [[str(cells[key]) for key in KEYS] for cells in people]


# -- Sheets --------------------------------------------------------------------------------------------------------------

_N, _R, _D, _CHANGED = Verdict.NEW, Verdict.REFUSED, Verdict.DOUBTFUL, Verdict.CHANGED
_COVERED, _UNCHANGED = Verdict.COVERED, Verdict.UNCHANGED


def _refused(cells: Mapping[str, Cell], *codes: str) -> Line:
    return Line(cells, _R, codes)


def _nobody(**cells: Cell) -> Line:
    return Line(cells, None)


def _without(cells: Mapping[str, Cell], *keys: str) -> dict[str, Cell]:
    return {key: cell for key, cell in cells.items() if key not in keys}


_TITLE = "靖西市困难群众参保汇总表(新靖镇)"
_UPPER = ("序号", "户主姓名", "姓名", "证件", "", "性别", "出生日期", "户籍地区代码", "现住址", "困难类别", "联系电话", "开户行",
          "银行账号", "监护人", "", "备注")  # fmt: skip
_LOWER = ("", "", "", "类型", "号码", "", "", "", "", "", "", "", "", "姓名", "证件号码", "")
_XINJING_KEYS = (
    "serial", "head", "name", "document_type", "document", "sex", "birth_on", "region_code", "address", "categories", "phone",
    "bank_name", "bank_account", "guardian_name", "guardian_document", "note",
)
_FIRST = someone(1, name="韦志强", head="韦志强", serial=1)
_SECOND = someone(2, name="黄 秀 珍", serial=2)
_X = date(1963, 4, 9)
_CHILD = date(2017, 6, 1)
_TWINS = date(2016, 9, 9)
_OLD = number_of(date(1949, 10, 1), 331)


def _printed_again(row: Sequence[str]) -> Line:
    return Line(dict(zip(_XINJING_KEYS, row, strict=True)), None)


_XINJING = Sheet(
    "新靖镇",
    above=((_TITLE,), ("填报单位:新靖镇民政办", "", "", "", "", "", "", "", "单位:人"), _UPPER, _LOWER),
    keys=_XINJING_KEYS,
    lines=(
        Line(_FIRST),
        Line(_without(_SECOND, "address"), codes=("TEXT_NORMALISED",)),
        Line(
            _without(
                born(3, _CHILD, 35, name="韦小宝", guardian_name="韦志强", guardian_document=_FIRST["document"], serial=3),
                "address",
            )
        ),
        Line(
            born(4, _X, _ending_in_x(_X), document=number_of(_X, _ending_in_x(_X)).lower(), head="农大山", serial=4),
            codes=("TEXT_NORMALISED",),
        ),
        Line(
            someone(5, document="".join(chr(ord(each) + 0xFEE0) for each in str(someone(5)["document"])), serial=5),
            codes=("TEXT_NORMALISED",),
        ),
        Line(
            someone(6, document=f"'{str(someone(6)['document'])[:6]}\u00a0{str(someone(6)['document'])[6:]}\u200b", serial=6),
            codes=("TEXT_NORMALISED",),
        ),
        Line(
            born(7, date(1949, 10, 1), 331, document=_OLD[:6] + _OLD[8:17], birth_on="19491001", serial=7), codes=("ID_15",)
        ),
        _nobody(serial="小计", name=Formula("COUNTA(C5:C11)", "7")),
        _printed_again((_TITLE, *[""] * 15)),
        _printed_again(_UPPER),
        _printed_again(_LOWER),
        Line(someone(8, name="阿依古丽•买买提", serial=8), codes=("TEXT_NORMALISED",)),
        Line(someone(9, name="韦𠮷", serial=9)),
        Line(someone(10, categories="低保户、重残", serial=10)),
        Line(born(11, _TWINS, 41, name="覃大双", guardian_name="覃建国", serial=11), codes=("GUARDIAN_PARTLY",)),
        Line(born(12, _TWINS, 43, name="覃小双", guardian_name="覃建国", serial=12), codes=("GUARDIAN_PARTLY",)),
        Line(someone(13, region_code="新靖镇", serial=13)),
        Line(someone(14, region_code=RETIRED, serial=14), codes=("REGION_RETIRED",)),
        _refused(someone(1, name="韦志强", serial=15, note="与第1行重复?"), "DUP_IN_FILE"),
        _nobody(serial="合  计", name=Formula("COUNTA(C5:C23)", "16"), document="16人"),
        _nobody(serial="填表人:韦某", address="审核人:黄某", phone="制表日期:2026年11月20日"),
        _nobody(serial="备注:以上人员均已在村务公开栏公示五天。"),
    ),
    merged=("A1:P1", "A3:A4", "B3:B4", "C3:C4", "D3:E3", "N3:O3", "B5:B7", "I5:I7"),
)

_NO_DAY = "45262619660230001"
_BAD = number_of(date(1966, 6, 6), 221)
_HUADONG = Sheet(
    "化峒镇",
    above=(("化峒镇低保、特困人员名册",), (
        "编号", "家庭成员姓名", "性别", "公民身份号码(18位)", "出生年月", "户口类别", "地区代码", "现住址", "人员类别", "手机号",
        "银行卡号", "开户行", "监护人姓名", "监护人身份证号",
    )),
    keys=(
        "serial", "name", "sex", "document", "birth_on", "household", "region_code", "address", "categories", "phone",
        "bank_account", "bank_name", "guardian_name", "guardian_document",
    ),
    lines=(
        _refused(someone(21, document=int(str(someone(21)["document"])[:17] + "1")), "ID_NUMERIC"),
        _refused(someone(22, document="4.52626E+17"), "ID_SCIENTIFIC"),
        _refused(someone(23, document=str(someone(23)["document"])[:17]), "ID_LENGTH"),
        _refused(someone(24, document=str(someone(24)["document"]) + "1"), "ID_LENGTH"),
        _refused(someone(25, document=_BAD[:17] + ("2" if _BAD[17] != "2" else "3"), birth_on="", sex=""), "ID_CHECKSUM"),
        _refused(someone(26, document=_NO_DAY + check_character(_NO_DAY), birth_on="", sex=""), "ID_DATE"),
        _refused(someone(27, document=number_of(date(2099, 1, 1), 101), birth_on="", sex=""), "ID_FUTURE"),
        _refused(someone(28, sex="女" if someone(28)["sex"] == "男" else "男"), "ID_MISMATCH"),
        _refused(someone(29, birth_on="1950-01-01"), "ID_MISMATCH"),
        _refused(someone(30, document="E23456789", birth_on="", sex=""), "DOC_TYPE"),
        _refused(someone(31, name=""), "NAME_EMPTY"),
        _refused(someone(32, name="韦"), "NAME_SHORT"),
        _refused(someone(33, name="阿" * 31), "NAME_LONG"),
        _refused(someone(34, name="韦小明1"), "NAME_CHARS"),
        _refused(someone(35, name="韦小\x7f军"), "CONTROL_CHAR"),
        _refused(someone(36, sex="不详"), "SEX_UNKNOWN"),
        _refused(someone(37, categories=""), "CELL_EMPTY"),
        _refused(someone(38, categories="困难群众"), "CATEGORY_UNKNOWN"),
        Line(someone(39, categories="乙类户", region_code="451081101")),
        Line(someone(40, categories="乙类户、重残", region_code="451081101")),
        _refused(someone(41, region_code=NEIGHBOR), "OUT_OF_SCOPE"),
        _refused(someone(42, region_code="451081999"), "REGION_UNKNOWN"),
        Line(someone(43, document=_ending_in_000(1952, right=True), birth_on="", sex=""), _D, ("ID_ROUNDED",)),
        _refused(someone(44, document=_ending_in_000(1953, right=False), birth_on="", sex=""), "ID_NUMERIC"),
        _refused(
            someone(45, document=Formula('"452626"&"' + str(someone(45)["document"])[6:] + '"', str(someone(45)["document"]))),
            "FORMULA_REFUSED",
        ),
        _refused(someone(46, name=Failed()), "CELL_ERROR"),
        _refused(someone(47, address=Formula('"化峒镇"&F29', None)), "CELL_ERROR"),
        Line(someone(48, address=Formula('"化峒镇"&"那村屯8号"', "化峒镇那村屯8号"), categories="特困")),
        _refused(_without(someone(49), "categories"), "UNMERGE"),
        _refused(born(50, date(1920, 3, 3), 118), "NOT_ELIGIBLE"),
        _refused(someone(51, address="化峒镇" + "很远很远的山那边" * 13), "TEXT_LONG"),
        _nobody(serial="合计", name="31人"),
    ),
    merged=("A1:N1", "I30:I31"),
)

_DATES: tuple[Cell, ...] = (
    f"{date.fromisoformat(str(someone(61)['birth_on'])):%Y%m%d}",
    "{0.year}.{0.month}.{0.day}".format(date.fromisoformat(str(someone(62)["birth_on"]))),
    "{0.year}/{0.month}/{0.day}".format(date.fromisoformat(str(someone(63)["birth_on"]))),
    "{0.year}年{0.month}月{0.day}日".format(date.fromisoformat(str(someone(64)["birth_on"]))),
    (date.fromisoformat(str(someone(65)["birth_on"])) - date(1899, 12, 30)).days,
    date.fromisoformat(str(someone(66)["birth_on"])),
    str(someone(67)["birth_on"])[:7],
)
_SEXES = {"男": ("1", "男性"), "女": ("2", "女性")}
_FOREIGNER = "91110119850607" + "012"
_LONGBANG = Sheet(
    "龙邦镇",
    above=(tuple(f"{column.label}*" if column.required else str(column.label) for column in COLUMNS),),
    keys=KEYS,
    lines=(
        *(
            Line(someone(61 + place, birth_on=day, sex=_SEXES[str(someone(61 + place)["sex"])][place % 2], region_code="451081107"))
            for place, day in enumerate(_DATES)
        ),
        _refused(someone(68, birth_on="六二年春"), "DATE_FORMAT"),
        _refused(someone(69, document_type="护照", document="E23456780", birth_on="2099-01-01"), "DATE_FUTURE"),
        Line(someone(70, document_type="护照", document="E23456781", birth_on="1970-07-07", sex="女")),
        Line(someone(71, name="陈港生", document_type="港澳居民居住证", document="810000199408230021", birth_on="", sex="")),
        Line(someone(72, name="林台生", document_type="台湾居民居住证", document="830000199201300022", birth_on="", sex="")),
        Line(
            someone(
                73, name="阮氏梅", document_type="外国人永久居留身份证", document=_FOREIGNER + check_character(_FOREIGNER),
                birth_on="", sex="",
            )
        ),
        _refused(someone(74, document_type="军官证"), "DOC_TYPE_UNKNOWN"),
        _refused(someone(75, document_type="港澳居民居住证"), "DOC_FORMAT"),
        Line(someone(76, phone="13807761076、13907761076"), codes=("PHONE_SEVERAL",)),
        Line(someone(77, phone="无"), codes=("PHONE_FORMAT",)),
        Line(someone(78, bank_account="6228480000000000781"), codes=("CARD_CHECKSUM",)),
        _refused(someone(79, bank_account="信用社存折"), "ACCOUNT_FORMAT"),
        _refused(someone(80, bank_account=int(str(someone(80)["bank_account"]))), "ACCOUNT_NUMERIC"),
        Line(someone(201), _COVERED, ("ALREADY_COVERED",)),
        Line(someone(202, categories="低保对象、重度残疾人"), _CHANGED, ("CATEGORY_ADDED",)),
        Line(someone(203), _CHANGED, ("CONTACT_ADDED",)),
        Line(someone(204, name="农志民"), _D, ("IDENTITY_CONFLICT",)),
        Line(born(205, date(1958, 8, 8), 125, name="陆有福"), _D, ("SAME_PERSON",)),
        Line(
            someone(206, bank_account=luhn_number("622848000000009999")), _COVERED, ("ACCOUNT_CHANGED", "ALREADY_COVERED")
        ),
        _refused(someone(207), "STATUS_DECEASED"),
        Line(born(210, _SAME_BIRTH, 216, name="黄秀兰"), _D, ("SAME_PERSON_SEVERAL",)),
        Line(someone(211), _UNCHANGED),
        Line(someone(212, phone="13607760212"), _CHANGED),
        Line(someone(213, bank_account=luhn_number("622848000000008888")), _CHANGED, ("ACCOUNT_CHANGED",)),
        _nobody(name="总计", document="32人"),
    ),
)

_QUYANG = Sheet(
    "渠洋镇",
    above=(("渠洋镇脱贫监测户名单",), tuple("村民姓名" if key == "name" else _LABELS[key] for key in KEYS)),
    keys=KEYS,
    lines=(
        Line(someone(91, region_code="渠洋镇", address="渠洋镇怀书村1号", categories="监测户")),
        Line(someone(92, region_code="渠洋镇", address="渠洋镇怀书村2号", categories="脱贫户")),
        Line(someone(93, region_code="451081105", address="渠洋镇怀书村3号", categories="乙类户")),
        _refused(someone(2, name="黄秀珍"), "DUP_IN_FILE"),
    ),
    merged=("A1:M1",),
)

_PLAIN = (tuple(_LABELS[key] for key in KEYS),)
SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "说明", above=(), keys=("name", "document"), read=False,
        lines=(_nobody(name="本表由各乡镇填报", document="每镇一张工作表"), _nobody(name="请勿改动表头", document="谢谢配合")),
    ),
    _XINJING, _HUADONG, _LONGBANG, _QUYANG,
    Sheet("作废", above=_PLAIN, keys=KEYS, lines=(Line(someone(95)), Line(someone(96))), read=False),
    Sheet("上年留底", above=_PLAIN, keys=KEYS, lines=(Line(someone(97)), Line(someone(98))), read=False, hidden=True),
)


@dataclass(frozen=True)
class SaidWord:
    """A word of the office and what it stands for; `rows` are read by it."""

    kind: str
    word: str
    target: str
    rows: int


#: What the office says once of its words, in the order of the page.
WORDS = (
    SaidWord("heading", "村民姓名", "name", 4), SaidWord("category", "乙类户", "dibao", 3),
    SaidWord("region", "新靖镇", "451081100", 1), SaidWord("region", "渠洋镇", "451081105", 2),
)
READ = tuple(sheet.name for sheet in SHEETS if sheet.read)
