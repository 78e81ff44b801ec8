"""`python -m benefits.schema`: writes the fields of plan and case files into docs/plans.md, from what reads them."""

from __future__ import annotations

from pathlib import Path

from benefits import facts_file, plan_file
from benefits.shapes import Field, Record

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "plans.md"
BEGIN, END = "<!-- fields: written by python -m benefits.schema -->", "<!-- end of fields -->"


def main() -> None:
    """Write the fields anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _old, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{fields()}\n{END}{after}", encoding="utf-8")


def fields() -> str:
    """Every record of both files as a table."""
    common = {
        id(field) for shape in (plan_file.COMMON_FIELDS, plan_file.CONDITION_FIELDS, plan_file.END_FIELDS) for field in shape
    }
    parts = [
        "## Fields of a plan", table(plan_file.PLAN),
        "### Responsibilities", "What all have:",
        rows((*plan_file.COMMON_FIELDS, *plan_file.CONDITION_FIELDS, *plan_file.END_FIELDS)),
    ]
    for benefit, record in plan_file.RESPONSIBILITIES.items():
        own = tuple(field for field in record.fields if id(field) not in common)
        parts += [f"`benefit: {benefit}` has besides:", rows(own)]
    parts += [table(record) for record in (
        plan_file.row_record(plan_file.MONEY), plan_file.BAND, plan_file.FACTOR, plan_file.LIMIT, plan_file.SHARED_LIMIT,
        plan_file.SHARED_DEDUCTIBLE, plan_file.EXCLUSION, plan_file.HOSPITAL, plan_file.AGE, plan_file.PRE_EXISTING_RULE,
        plan_file.OCCUPATIONS, plan_file.PRICE, plan_file.NAMED, plan_file.NOTE, plan_file.UNKNOWN,
    )]
    parts += ["## Fields of a case file"]
    parts += [table(record) for record in (
        facts_file.CASE_FILE, facts_file.CASE, facts_file.INSURED, facts_file.COVER, facts_file.EVENT, facts_file.BILL,
        facts_file.LINE, facts_file.PAYMENT, facts_file.HOSPITAL,
    )]
    return "\n\n".join(parts) + "\n"


def table(record: Record) -> str:
    """A record's heading and fields."""
    return f"### {record.title}\n\n{rows(record.fields)}"


def rows(fields: tuple[Field, ...]) -> str:
    """Fields as a table; a bold key must be there."""
    lines = ["| field | value | left out | meaning |", "|---|---|---|---|"]
    for field in fields:
        key = f"**{field.key}**" if field.required else field.key
        lines.append(f"| {key} | {field.codec.says} | {default(field)} | {field.means} |")
    return "\n".join(lines)


def default(field: Field) -> str:
    """What holds where a field is left out."""
    if field.required:
        return "refused"
    if field.default is True or field.default is False:
        return str(field.default).lower()
    if isinstance(field.default, int | str) and field.default != "":
        return f"`{field.default}`"
    return ""


if __name__ == "__main__":
    main()
