"""What proves how money of a cover's claims left and arrived, for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit.versions import value_in_words
from beneficiaries.evidence import Evidence, who
from beneficiaries.holdings import Line
from beneficiaries.models import Enrollment
from payouts.models import BankReturnRow, BatchLine, Step


def _lines(cover: Enrollment) -> Iterator[Line]:
    lines = BatchLine.objects.filter(payable__claim__enrollment=cover).select_related("batch", "payable__claim")
    for line in lines.order_by("pk"):
        batch = line.batch
        found: Line = [
            (_t("Claim"), line.payable.claim.number), (_t("Payout batch"), f"{batch.reference} · {batch.get_state_display()}"),
            (_t("Payout number"), line.key), (_t("Amount (yuan)"), f"{line.amount:.2f}"),
            *([(_t("What for"), _t("To verify the account; no claim is paid"))] if line.is_test else []),
            (_t("State"), line.get_state_display()), (_t("Checksum of the list"), batch.digest),
            (_t("SHA-256 of the file"), batch.sha256),
        ]
        for vote in batch.votes.filter(stands=True).select_related("user").order_by("pk"):
            found.append((str(Step(vote.step).label), who(vote.user, vote.at)))
        for result in line.results.order_by("pk"):
            row = BankReturnRow.objects.filter(pk=result.row_id).select_related("file").first()
            said = f"{result.get_outcome_display()} {result.get_code_display() if result.code else ''} {result.settled_on}"
            found.append((_t("The bank's result"), " ".join(said.split())))
            if row is not None:
                found += [
                    (_t("File"), row.file.name), (_t("SHA-256 of the file"), row.file.sha256),
                    (_t("Line of the file"), str(row.line)), (_t("Taken over at"), value_in_words(result.at)),
                ]
        yield found


EVIDENCE = (Evidence(_("Payouts and results of the bank"), _lines),)
