"""docs/plans.md says what the code reads."""

from __future__ import annotations

from benefits import wording
from benefits.schema import BEGIN, DOCUMENT, END, fields
from benefits.terms import KINDS


def test_the_document_holds_the_fields_as_they_are_read() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    held = text.split(BEGIN)[1].split(END)[0]
    assert held.strip() == fields().strip(), "write it anew: python -m benefits.schema"


def test_the_document_names_each_kind_and_each_refusal_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
    assert [code for code in wording.REFUSALS if code not in text] == []
