"""Makes bad files out of good ones, by seed: bytes, zip members, XML, encodings, headers, cells.

`spoilt(seed)` always gives the same file. Where only single rows were touched it knows the rows that must come through.
"""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from intake.tests.old_workbook import Cell, Error, Formula, old_workbook
from intake.tests.plain_layout import HEADERS, POSITION, people, workbook

PEOPLE = people(60, seed=3)
Rows = list[list[str]]
NASTY = (
    "", " ", "\u3000", "\x00", "\x07", "\x1a", "\x1aN123", "\x1aF", "\x1aE", "\x1aM", "\x1f", "\x7f", "\x85", "\ufeff", "\u202e",
    "\ufffe", "\ue000", "𠮷", "'", '"', '""', '"x', 'x"y', ",", ";", "\t", "a,b", "a\nb", "a\r\nb", "\r", "\n", "=1+1", "@x",
    "合计", "小计:", "填表人:x", "姓名", "4.41602E+17", "441602196203151000", "4416021962031512", "0" * 18, "9" * 40, "-1", "1e999",
    "45658", "2025.13.45", "长期", "0000-00-00", "99999999", "x" * 40_000, "王" * 31, "①②", "\u0664" * 18, "%s%d{}", "<b>&amp;",
    "]]>", "NULL", "#N/A", "TRUE", "男女", "3", "138、139", "+86", "441602", "999999999999",
)  # fmt: skip


@dataclass
class Spoilt:
    """A file, what was done to it, and the rows (cells in the layout's order) that it must still give; None: unknown."""

    name: str
    content: bytes
    what: str
    survivors: Rows | None = field(default=None)


def spoilt(seed: int, *, workbooks: bool) -> Spoilt:
    """The file of a seed: a CSV file, or a workbook of either age."""
    chance = random.Random(f"spoilt/{seed}/{workbooks}")
    if not workbooks:
        return chance.choice(CSV_WAYS)(chance)
    return chance.choice(WORKBOOK_WAYS)(chance)


def _touched(chance: random.Random) -> tuple[Rows, Rows, int]:
    """Rows of which a few have nasty cells, the rows left alone, and how many were touched."""
    rows = [list(row) for row in PEOPLE]
    chosen = set(chance.sample(range(len(rows)), chance.randint(1, 8)))
    for number in chosen:
        for _ in range(chance.randint(1, 3)):
            rows[number][chance.randrange(len(HEADERS))] = chance.choice(NASTY)
    return rows, [row for number, row in enumerate(rows) if number not in chosen], len(chosen)


def _written(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\r\n", **how: int) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, **how).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def csv_cells(chance: random.Random) -> Spoilt:
    rows, kept, count = _touched(chance)
    delimiter, end = chance.choice(",,\t;"), chance.choice(["\r\n", "\n"])
    coding = chance.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    text = _written([HEADERS, *rows], delimiter, end, quoting=quoting)
    content = text.encode(coding)
    # A NUL near the beginning says that this is no text at all.
    known = None if "\x00" in text and coding != "utf-16" else kept
    return Spoilt("a.csv", content, f"{count} rows with nasty cells, {coding}, {delimiter!r}, {end!r}", known)


def csv_lines(chance: random.Random) -> Spoilt:
    """Lines of rubbish between good ones, as a program that died in the middle writes them."""
    lines = _written([HEADERS, *PEOPLE]).splitlines()
    for _ in range(chance.randint(1, 5)):
        rubbish = "".join(chance.choice(['"', ",", "张", "x", " ", "'", '""', '",']) for _ in range(chance.randint(0, 30)))
        lines.insert(chance.randint(1, len(lines)), rubbish)
    return Spoilt("a.csv", "\n".join(lines).encode(), "lines of rubbish", [list(row) for row in PEOPLE])


def csv_headers(chance: random.Random) -> Spoilt:
    headers = _spoilt_headers(chance)
    above = [[chance.choice(NASTY)] for _ in range(chance.randint(0, 3))]
    return Spoilt("a.csv", _written([*above, headers, *PEOPLE]).encode(), f"headings {headers}")


def _spoilt_headers(chance: random.Random) -> list[str]:
    headers = list(HEADERS)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(headers))
        way = chance.randrange(5)
        if way == 0:
            headers[place] = chance.choice(NASTY)
        elif way == 1:
            headers[place] = chance.choice(HEADERS)
        elif way == 2 and len(headers) > 1:
            del headers[place]
        elif way == 3:
            headers.insert(place, chance.choice(NASTY))
        else:
            chance.shuffle(headers)
    return headers


def csv_coding(chance: random.Random) -> Spoilt:
    """Parts in different encodings, marks in the wrong place, half characters."""
    codings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "big5", "latin-1"]
    text = _written([HEADERS, *PEOPLE])
    cut = chance.randrange(len(text))
    first, second = chance.choice(codings), chance.choice(codings)
    content = text[:cut].encode(first, "replace") + text[cut:].encode(second, "replace")
    return Spoilt(chance.choice(["a.csv", "a.txt", ""]), content[chance.randint(0, 2) :], f"{first} then {second}")


def csv_bytes(chance: random.Random) -> Spoilt:
    coding = chance.choice(["utf-8", "utf-16", "gb18030"])
    return Spoilt("", _spoilt_bytes(chance, _written([HEADERS, *PEOPLE]).encode(coding)), f"bytes of {coding}")


def _spoilt_bytes(chance: random.Random, content: bytes) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content) or 1)
        length = chance.choice([1, 1, 2, 4, 16, 512])
        way = chance.randrange(7)
        if way == 0:
            content = content[:at] + chance.randbytes(length) + content[at + length :]
        elif way == 1:
            content = content[:at] + content[at + length :]
        elif way == 2:
            content = content[:at] + chance.randbytes(length) + content[at:]
        elif way == 3:
            content = content[:at]
        elif way == 4:
            content = content[:at] + bytes(length) + content[at + length :]
        elif way == 5:
            content = content[:at] + content[at : at + length] * 3 + content[at + length :]
        else:
            content = content[:at] + bytes([chance.choice([0, 10, 13, 34, 44, 255])]) + content[at + 1 :]
    return content


XML_HARMLESS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xlsx_cells(chance: random.Random) -> Spoilt:
    rows, kept, count = _touched(chance)
    rows = [[XML_HARMLESS.sub("?", cell)[:32_000] for cell in row] for row in rows]
    half = chance.randint(1, len(rows) - 1)
    sheets = {"城东": [HEADERS, *rows[:half]], "城西": [["标题"], HEADERS, *rows[half:]]}
    return Spoilt("a.xlsx", workbook(sheets).getvalue(), f"{count} rows with nasty cells", kept)


_BASE: list[bytes] = []


def _base() -> bytes:
    if not _BASE:
        _BASE.append(workbook({"城东": [HEADERS, *PEOPLE[:30]], "城西": [HEADERS, *PEOPLE[30:]]}).getvalue())
    return _BASE[0]


def xlsx_bytes(chance: random.Random) -> Spoilt:
    return Spoilt("", _spoilt_bytes(chance, _base()), "bytes of a zip")


def xlsx_members(chance: random.Random) -> Spoilt:
    """Members dropped, doubled, renamed, exchanged, emptied, or filled with something else."""
    with zipfile.ZipFile(io.BytesIO(_base())) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    done = []
    for _ in range(chance.randint(1, 3)):
        at, other = chance.randrange(len(members)), chance.randrange(len(members))
        name, content = members[at]
        way = chance.randrange(8)
        done.append(f"{way}:{name}")
        if way == 0:
            del members[at]
        elif way == 1:
            members.append((name, members[other][1]))
        elif way == 2:
            members[at] = (name.upper(), content)
        elif way == 3:
            members[at], members[other] = (name, members[other][1]), (members[other][0], content)
        elif way == 4:
            members[at] = (name, b"")
        elif way == 5:
            members[at] = (name, chance.randbytes(200))
        elif way == 6:
            members[at] = (name, _spoilt_bytes(chance, content))
        else:
            members.append((chance.choice(ODD_MEMBERS), b"<x/>"))
        if not members:
            break
    return Spoilt("a.xlsx", _zipped(members, chance), f"members {done}")


ODD_MEMBERS = ("../../x.xml", "xl/vbaProject.bin", "xl/macrosheets/s.xml", "/x", "xl/workbook.bin")


def _zipped(members: Sequence[tuple[str, bytes]], chance: random.Random) -> bytes:
    target = io.BytesIO()
    way = chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with zipfile.ZipFile(target, "w", way) as archive:
        for name, content in members:
            if name not in archive.NameToInfo:
                archive.writestr(name, content)
    return target.getvalue()


XML_WAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'),
    (b"<worksheet", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet'),
    (b"</sheetData>", b"<sheetData>"),
    (b"</row>", b""),
    (b't="inlineStr"', b't="e"'),
    (b't="s"', b't="e"'),
    (b't="s"', b't="str"'),
    (b't="s"', b't="d"'),
    (b't="s"', b""),
    (b'r="A2"', b'r="A1048577"'),
    (b'r="A2"', b'r="ZZZZ9"'),
    (b'r="A2"', b'r=""'),
    (b'r="A2"', b""),
    (b"<v>", b"<f>1+1</f><v>"),
    (b"<v>", b"<f/><v>"),
    (b"<v>", b"<v>99999999999999999999"),
    (b"<v>", b"<v>-"),
    (b"<v>", b"<v>1e400"),
    (b"<v>", b"<v>&#0;"),
    (b"<v>", b"<v><![CDATA["),
    (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A2:M9"/></mergeCells>'),
    (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="C5:A2"/><mergeCell ref="B2:B4"/></mergeCells>'),
    (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A0:A0"/></mergeCells>'),
    (b"<sheets>", b"<sheets><sheet/>"),
    (b'name="', b'name="&lt;'),
    (b'state="visible"', b'state="veryHidden"'),
    (b'Target="', b'Target="../../../'),
    (b"<si>", b"<si><rPh><t>x</t></rPh>"),
    (b"<t>", b"<t>_x001F__x001A_"),
    (b"<t>", b"<t>\xff"),
    (b"UTF-8", b"UTF-16"),
    (b"xmlns=", b"xmlns:x="),
    (b"<dimension", b'<dimension ref="A1:XFD1048576"/><x'),
    (b'numFmtId="', b'numFmtId="9'),
)


def xlsx_xml(chance: random.Random) -> Spoilt:
    ways = chance.sample(XML_WAYS, chance.randint(1, 2))
    with zipfile.ZipFile(io.BytesIO(_base())) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    limit = chance.choice([1, 3, -1])
    for old, new in ways:
        members = [(name, content.replace(old, new, limit)) for name, content in members]
    return Spoilt("a.xlsx", _zipped(members, chance), f"XML {ways} x {limit}")


def xls_cells(chance: random.Random) -> Spoilt:
    rows, kept, count = _touched(chance)
    cells: list[list[Cell]] = [[cell[:8_000] for cell in row] for row in rows]
    known = {tuple(row) for row in kept}
    for row in cells:
        if tuple(row) not in known:
            row[chance.randrange(len(HEADERS))] = chance.choice(
                (Error(), Formula(""), Formula("x"), Formula(1e18), Formula(b"\x2a"), 441602196203151219.0, 1e300, -0.0, 45658)
            )
    hidden = ["藏"] if chance.random() < 0.3 else []
    half = chance.randint(1, len(cells) - 1)
    sheets: dict[str, Sequence[Sequence[Cell]]] = {"城东": [HEADERS, *cells[:half]], "城西": [HEADERS, *cells[half:]]}
    if hidden:
        sheets["藏"] = [HEADERS, list(PEOPLE[0])]
    return Spoilt("a.xls", old_workbook(sheets, hidden=hidden).getvalue(), f"{count} rows with nasty cells", kept)


def xls_bytes(chance: random.Random) -> Spoilt:
    merges = {"S": [(chance.randrange(70), chance.randrange(70_000 % 65_536), chance.randrange(4), chance.randrange(20))]}
    content = old_workbook({"S": [HEADERS, *PEOPLE]}, merges=merges).getvalue()
    if chance.random() < 0.3:
        # The head, the chains and the directory: few bytes on which everything hangs.
        at = chance.choice([24, 30, 44, 48, 56, 60, 68, 72, 76, 80, 512, 520, len(content) - 512, len(content) - 1024])
        content = content[:at] + chance.randbytes(chance.choice([1, 2, 4])) + content[at + 4 :]
        return Spoilt("a.xls", content, f"head at {at}")
    return Spoilt("a.xls", _spoilt_bytes(chance, content), "bytes of a compound file")


CSV_WAYS: tuple[Callable[[random.Random], Spoilt], ...] = (csv_cells, csv_cells, csv_lines, csv_headers, csv_coding, csv_bytes)
WORKBOOK_WAYS: tuple[Callable[[random.Random], Spoilt], ...] = (
    xlsx_cells, xlsx_bytes, xlsx_members, xlsx_xml, xlsx_xml, xls_cells, xls_bytes,
)  # fmt: skip
assert set(POSITION.values()) == set(range(len(HEADERS)))
