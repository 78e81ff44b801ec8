"""Claims by file in the demo: three that a county sends in for its villages with a ZIP of papers, and a file to be decided."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from filings import actions
from filings.columns import columns_of
from filings.models import ClaimFile
from intake.models import State
from jobs.actions import run_pending
from programs.benefit_terms import terms_of_program
from programs.models import Program
from programs.testing import pdf

#: An account that nobody has.
_ACCOUNT = "6228480000000007"
_PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(20) + b"IEND\xaeB`\x82"
#: Whose line, and what it says; days are counted back from today.
Said = tuple[int, Mapping[str, str]]
OPENED: Sequence[Said] = (
    (0, {
        "claim_number": "CB01", "diagnosis": "C18.7", "hospital": "河源市人民医院", "invoice_number": "0061000001",
        "fund": "41000.00", "others": "0.00", "account_paid": "0.00", "cash": "85500.00", "total": "126500.00",
        "of:self_pay": "78000.00",
        "of:out_of_catalogue": "48500.00", "payee_account": _ACCOUNT, "bank_name": "中国农业银行示例支行", "payee": "本人",
    }),
    (0, {
        "claim_number": "CB01", "diagnosis": "C18.7", "hospital": "河源市人民医院", "invoice_number": "0061000002",
        "setting": "门诊", "total": "860.00", "of:out_of_catalogue": "860.00",
    }),
    (1, {
        "claim_number": "CB02", "diagnosis": "I10", "hospital": "源城区中医院", "invoice_number": "0061000003", "fund": "3100.00",
        "total": "8700.00", "of:self_pay": "8700.00", "reporter_name": "村协办员", "reporter": "代办人",
    }),
    (2, {
        "claim_number": "CB03", "diagnosis": "右腿骨折", "event_kind": "意外", "hospital": "紫金县人民医院",
        "invoice_number": "0061000004", "total": "23400.00", "of:self_pay": "15400.00", "of:out_of_catalogue": "8000.00",
    }),
)
WAITING: Sequence[Said] = (
    (1, {
        "claim_number": "CB11", "diagnosis": "J44.1", "hospital": "源城区中医院", "invoice_number": "0061000011",
        "total": "5400.00", "of:self_pay": "5400.00",
    }),
    # The charges do not make the total.
    (2, {
        "claim_number": "CB12", "diagnosis": "M51.2", "hospital": "紫金县人民医院", "invoice_number": "0061000012",
        "total": "9880.00", "of:self_pay": "9800.00",
    }),
    # An invoice that counts in another case already.
    (1, {
        "claim_number": "CB13", "diagnosis": "I11.9", "hospital": "河源市人民医院", "invoice_number": "0061000001",
        "total": "126500.00", "of:self_pay": "78000.00", "of:out_of_catalogue": "48500.00",
    }),
    (0, {"claim_number": "CB14", "name": "张三丰", "diagnosis": "K35.8", "hospital": "河源市人民医院", "total": "3200.00",
         "of:self_pay": "3200.00"}),
)
PAPERS: Mapping[str, bytes] = {
    "CB01/理赔申请书.pdf": pdf(842), "CB01/发票1.pdf": pdf(843), "CB01/出院小结.pdf": pdf(844), "CB01/身份证.png": _PICTURE,
    "CB02_发票.pdf": pdf(845), "CB02_费用清单.pdf": "表格".encode(), "CB03/事故证明.pdf": pdf(846), "CB09/病历.pdf": pdf(847),
}


def file_claims(program: Program, *, clerk: User, reviewer: User, say: Callable[[str], None]) -> None:
    """One file opened with its papers, one that waits with held lines; once, from wherever a killed load left it."""
    covers = _covers(program, clerk)
    if len(covers) < 3:
        return
    first = _file(program, "农村协办员报案0301", OPENED, covers, clerk=clerk)
    if not first.paper_archives.exists():
        actions.add_archive(first, name="材料0301.zip", stream=_papers(), by=clerk, at=timezone.now())
    run_pending()
    first = ClaimFile.objects.get(pk=first.pk)
    if first.state == State.REVIEW:
        first = actions.DESK.submit(first, by=clerk, at=timezone.now())
    if first.state == State.SUBMITTED:
        actions.DESK.approve(first, digest=first.digest, by=reviewer, at=timezone.now())
    run_pending()
    second = _file(program, "农村协办员报案0302", WAITING, covers, clerk=clerk)
    run_pending()
    second = ClaimFile.objects.get(pk=second.pk)
    say(f"{program}: {first.row_count} lines of claims opened, {second.row_count} to be looked at")


def _covers(program: Program, clerk: User) -> Sequence[Enrollment]:
    """Of the clerk's office, in force for a while."""
    known = ClaimFile.objects.filter(program=program).order_by("pk").first()
    if known is not None and known.row_count:
        pks = list(known.rows.exclude(enrollment=None).order_by("claim_number").values_list("enrollment", flat=True))
        found = Enrollment.objects.select_related("person", "program").in_bulk(pks)
        return [found[pk] for pk in dict.fromkeys(pks)]
    rows = Enrollment.objects.filter(
        program=program, organization__path__startswith=clerk.organization.path, state=EnrollmentState.IN_FORCE,
        starts_at__lt=timezone.now() - timedelta(days=40), ends_at__gt=timezone.now(), person__deceased_on=None,
        beneficiary__restricted_at=None, claims__isnull=True, person__birth_on__lt=timezone.localdate() - timedelta(days=19 * 366),
    )
    return list(rows.select_related("person", "program").order_by("-pk")[:3])


def _file(
    program: Program, name: str, lines: Sequence[Said], covers: Sequence[Enrollment], *, clerk: User
) -> ClaimFile:
    found = ClaimFile.objects.filter(program=program, files__name=f"{name}.csv").first()
    return found or actions.upload_claim_file(
        [(f"{name}.csv", _csv(program, lines, covers))], program=program, organization=clerk.organization, by=clerk,
        at=timezone.now(),
    )


def _csv(program: Program, lines: Sequence[Said], covers: Sequence[Enrollment]) -> io.BytesIO:
    words = {column.key: str(column.label) for column in columns_of(terms_of_program(program.pk).values())}
    rows = []
    for number, (who, cells) in enumerate(lines):
        cover = covers[who]
        day = timezone.localdate() - timedelta(days=12 + 2 * who + 5 * (number > len(OPENED)))
        rows.append({
            "number": cover.number, "name": cover.person.name.reveal(), "event_on": str(day), "admitted_on": str(day),
            "discharged_on": str(day + timedelta(days=6)), "invoice_code": "44160327" if "invoice_number" in cells else "", **cells,
        })
    used = [key for key in words if any(key in row for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([words[key] for key in used])
    writer.writerows([row.get(key, "") for key in used] for row in rows)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def _papers() -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PAPERS.items():
            archive.writestr(name, content)
    target.seek(0)
    return target
