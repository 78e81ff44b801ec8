"""XLSX: the parts of the zip proven harmless, and a sheet's XML searched for what the parser of cells does not tell."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from stops import Place, Scan, Stop

_BLOCK = 4 * 1024**2
# More than any cell's tag and the beginning of what is in it.
_OVERLAP = 512
_MACRO_PARTS = ("vbaproject.bin", "xl/macrosheets/")
_PREFIX = rb"<(?:[A-Za-z_][\w.-]*:)?"
# A number with more digits than a number can hold exactly; and the same with the tag of its cell, which costs more.
_LONG = rb"v>-?(?:[0-9]{16}|[0-9]+(?:\.[0-9]+)?[eE]\+?(?:1[5-9]|[2-9][0-9]))"
_ANY_LONG = re.compile(_LONG)
_LONG_NUMBER = re.compile(_PREFIX + rb"c\b([^<>]*)>\s*" + _PREFIX + _LONG)
# Cheap looks first: a pattern with a fixed beginning is found twice as fast as a text is by `in`.
_ANY_FORMULA, _ANY_ERROR, _ANY_MERGE = re.compile(rb"f[\s/>]"), re.compile(rb"t=[\"']e[\"']"), re.compile(rb"mergeCell\b")
_FORMULA = re.compile(_PREFIX + rb"c\b([^<>]*)>\s*" + _PREFIX + rb"f[\s/>]")
_ERROR = re.compile(_PREFIX + rb"c\b([^<>]*\bt=[\"']e[\"'][^<>]*)>")
_MERGE = re.compile(_PREFIX + rb"mergeCell\b[^<>]*\bref=[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']")
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_TEXT = re.compile(rb"\bt=[\"'](?:str|s|inlineStr)[\"']")


def scans(data: bytes, limits: dict[str, int]) -> dict[str, Scan]:
    """What each sheet holds, by its name; `Stop` when the archive is none that may be opened."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check(archive, limits)
        return {name: _scan(archive, part) for name, part in _sheet_parts(archive).items()}


def _check(archive: zipfile.ZipFile, limits: dict[str, int]) -> None:
    """No part declares entities or unpacks beyond the bound, and none is a macro."""
    unpacked = 0
    for entry in archive.infolist():
        unpacked += entry.file_size
        name = entry.filename.lower()
        if unpacked > limits["unpacked"]:
            raise Stop("TOO_BIG_UNPACKED", f"{unpacked // 1024**2} MB")
        if any(part in name for part in _MACRO_PARTS):
            raise Stop("MACRO_REFUSED")
        if not name.endswith((".xml", ".rels", ".vml")) or entry.file_size == 0:
            continue
        with archive.open(entry) as part:
            try:
                next(iterparse(part, events=("start",), forbid_dtd=True), None)
            except DefusedXmlException:
                raise Stop("XML_REFUSED") from None


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    with archive.open("xl/_rels/workbook.xml.rels") as part:
        targets = {node.get("Id"): node.get("Target", "") for _, node in iterparse(part, forbid_dtd=True)}
    parts = {}
    with archive.open("xl/workbook.xml") as part:
        for _, node in iterparse(part, forbid_dtd=True):
            target = targets.get(_relation(node)) if node.tag.endswith("}sheet") else None
            if target:
                parts[node.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _relation(node: Any) -> str | None:
    return next((value for name, value in node.attrib.items() if name.endswith("/relationships}id")), None)


def _scan(archive: zipfile.ZipFile, part: str) -> Scan:
    found, tail = Scan(), b""
    if part not in archive.NameToInfo:
        return found
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = tail + block
            _search(text, found)
            tail = text[-_OVERLAP:]
    if any(place[0] < 0 for places in (found.numbers, found.formulas, found.errors) for place in places):
        with archive.open(part) as stream:
            return _walked(stream, found)
    return found


def _search(text: bytes, found: Scan) -> None:
    if _ANY_LONG.search(text):
        found.numbers.update(_place(tag) for tag in _LONG_NUMBER.findall(text) if not _TEXT.search(tag))
    if _ANY_FORMULA.search(text):
        for tag in _FORMULA.findall(text):
            place = _place(tag)
            found.formulas.add(place)
            if _TEXT.search(tag):
                found.blank.add(place)
    if _ANY_ERROR.search(text):
        found.errors.update(_place(tag) for tag in _ERROR.findall(text))
    if _ANY_MERGE.search(text):
        for left, top, right, bottom in _MERGE.findall(text):
            merge = (int(top) - 1, int(bottom) - 1, _position(left), _position(right))
            # A block's end is searched twice.
            if merge not in found.merges[-8:]:
                found.merges.append(merge)


def _place(tag: bytes) -> Place:
    """Row and column of a cell's tag; (-1, -1) when it does not say."""
    at = _PLACE.search(tag)
    return (int(at[2]) - 1, _position(at[1])) if at else (-1, -1)


def _position(letters: bytes) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _walked(stream: Any, found: Scan) -> Scan:
    """The same for a sheet whose cells do not say where they are: their order does."""
    walked = Scan(merges=found.merges)
    row = column = -1
    for event, node in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        name = node.tag.rpartition("}")[2]
        if event == "start" and name == "row":
            row, column = int(node.get("r", row + 2)) - 1, -1
        elif event == "start" and name == "c":
            told = _place(f' r="{node.get("r", "")}"'.encode())
            row, column = told if told[0] >= 0 else (row, column + 1)
        elif event == "end" and name == "c":
            _note_cell(node, (row, column), walked)
            node.clear()
        elif event == "end" and name == "row":
            node.clear()
    return walked


def _note_cell(node: Any, place: Place, walked: Scan) -> None:
    kind = node.get("t", "n")
    parts = {child.tag.rpartition("}")[2]: child.text or "" for child in node}
    if kind == "e":
        walked.errors.add(place)
    if "f" in parts:
        walked.formulas.add(place)
        if kind in ("str", "s", "inlineStr"):
            walked.blank.add(place)
    elif kind == "n" and _LONG_NUMBER.match(b"<c><v>" + parts.get("v", "").encode()):
        walked.numbers.add(place)
