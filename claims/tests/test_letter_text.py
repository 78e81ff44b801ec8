"""Letters: places that are known, places that are needed, texts filled in; drawn as PDF and DOCX. Without a database."""

from __future__ import annotations

import io
import zipfile

import pytest
from defusedxml import ElementTree

from claims.drawing import docx_of, pdf_of
from claims.rules.letter_text import (
    NEEDED,
    PLACES,
    TEXTS,
    LetterText,
    Part,
    filled,
    missing_places,
    refused_because,
    unknown_places,
)

LETTER = LetterText(
    "理赔核定通知书", "P0000000123", ("张三：", "经核定，赔付金额为人民币1,234.50元。", "𠮷田 & <某>"),
    (Part("住院医疗（目录内自付）", "20,000.00", "15,000.00", "3,750.00"),), ("1张票据，费用合计20,000.00元。",),
    ("源城区民政局", "2026年11月27日"),
)


@pytest.mark.parametrize(("kind", "style"), list(TEXTS))
def test_each_text_that_comes_with_the_portal_knows_its_places_and_says_what_it_must(kind: str, style: str) -> None:
    text = TEXTS[kind, style]
    assert unknown_places(kind, text) == []
    assert missing_places(kind, text) == []
    said = "\n".join(filled(text, {place: f"〈{place}〉" for place in PLACES[kind]}))
    assert "{" not in said and all(f"〈{place}〉" in said for place in NEEDED[kind])


def test_unknown_and_missing_places_are_told() -> None:
    assert unknown_places("papers", "{赔案号}还差{缺少材料}，共{金额}元") == ["金额"]
    assert unknown_places("papers", "{赔案号") == ["{"]
    assert missing_places("refusal", "{赔案号}不赔") == ["理由"]


def test_a_value_with_braces_stays_as_it_is_and_empty_lines_go() -> None:
    assert filled("{姓名}：\n\n  {理由}。 ", {"姓名": "{理由}", "理由": "x"}) == ("{理由}：", "x。")


def test_reasons_are_told_once_each() -> None:
    assert refused_because([("既往症", ""), ("未达免赔额", "年度"), ("既往症", "")]) == "既往症；未达免赔额（年度）"


def test_the_same_letter_is_the_same_bytes_in_both_formats() -> None:
    for drawn in (pdf_of, docx_of):
        assert drawn(LETTER) == drawn(LETTER)
    assert pdf_of(LETTER).startswith(b"%PDF-1.7")


def test_a_long_letter_takes_more_pages() -> None:
    paragraphs = ("收件人：", *("这是一段很长的说明。" * 12 for _ in range(30)))
    long = LetterText(LETTER.title, LETTER.number, paragraphs, signed=LETTER.signed)
    assert pdf_of(long).count(b"/Type /Page ") > pdf_of(LETTER).count(b"/Type /Page ") == 1


def test_a_docx_is_whole_xml_that_says_everything() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_of(LETTER))) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["[Content_Types].xml", "_rels/.rels", "docProps/core.xml", "word/document.xml"]
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        tree = ElementTree.fromstring(archive.read("word/document.xml"))
    main = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    said = [text for part in tree.iter(f"{main}p") if (text := "".join(run.text or "" for run in part.iter(f"{main}t")))]
    assert said == [
        "理赔核定通知书", "P0000000123", "张三：", "经核定，赔付金额为人民币1,234.50元。", "𠮷田 & <某>",
        "保险责任", "计入金额（元）", "免赔额（元）", "赔付金额（元）",
        "住院医疗（目录内自付）", "20,000.00", "15,000.00", "3,750.00", "计算说明",
        "1. 1张票据，费用合计20,000.00元。", "源城区民政局", "2026年11月27日",
    ]
