"""Whose paper a file is and what paper, by its name: a table of cases, no database."""

from __future__ import annotations

import pytest

from filings.models.papers import mask_path
from filings.rules.naming import candidates, folded, is_paper, kind_of, number_of

KNOWN = {folded(number): number for number in ("BA2027-001", "BA2027-0012", "BA 3", "理赔20270001")}


@pytest.mark.parametrize(("path", "number", "kind"), [
    ("BA2027-001/发票.pdf", "BA2027-001", "invoice"),
    ("材料/BA2027-001/出院小结.pdf", "BA2027-001", "record"),
    ("BA2027-0012_身份证.jpg", "BA2027-0012", "identity"),
    ("BA2027-001_发票.jpg", "BA2027-001", "invoice"),
    ("ba2027-001-费用清单1.PDF", "BA2027-001", "charges"),
    ("BA3 银行卡.png", "BA 3", "bank"),
    ("ＢＡ３_处方.png", "BA 3", "prescription"),
    ("理赔20270001(死亡证明).pdf", "理赔20270001", "death"),
    ("理赔20270001/照片.pdf", "理赔20270001", "other"),
    ("理赔20270001.pdf", "理赔20270001", "other"),
    ("BA2027-001\\医保结算单.pdf", "BA2027-001", "settlement"),
    ("BA2027-001/发票/1.pdf", "BA2027-001", "invoice"),
    ("BA2027-001/出生医学证明.pdf", "BA2027-001", "relation"),
    ("BA2027-001/交通事故认定书.pdf", "BA2027-001", "accident"),
    ("BA2027-001/理赔申请书.pdf", "BA2027-001", "application"),
    ("BA2027-00/发票.pdf", "", "invoice"), ("张三/发票.pdf", "", "invoice"), ("BA2027-0019_发票.pdf", "", "invoice"),
])
def test_a_name_says_whose_paper_it_is_and_what_paper(path: str, number: str, kind: str) -> None:
    assert number_of(path, KNOWN) == number
    assert kind_of(path, number) == kind


def test_a_folder_goes_before_the_beginning_of_the_files_name() -> None:
    assert number_of("BA2027-001/BA2027-0012_发票.pdf", KNOWN) == "BA2027-001"
    assert candidates("a/b/C 1_x.pdf") == ["B", "A", "C1_X", "C1", "C"]


@pytest.mark.parametrize(("path", "paper"), [
    ("a/b.pdf", True), ("a/", False), ("__MACOSX/a/._b.pdf", False), ("a/.DS_Store", False), ("a/Thumbs.db", False), ("", False),
    ("../a.pdf", True),
])
def test_what_systems_leave_in_archives_is_no_paper(path: str, paper: bool) -> None:
    assert is_paper(path) is paper


def test_document_numbers_in_names_are_not_shown() -> None:
    assert mask_path("441602196203151219/发票.pdf") == "4416****/发票.pdf"
    assert mask_path("BA20270315000123/发票.pdf") == "BA20270315000123/发票.pdf"
