"""What proves that the insurer was told of a cover and what it answered, for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit.versions import value_in_words
from beneficiaries.evidence import Evidence, who
from beneficiaries.holdings import Line
from beneficiaries.models import Enrollment
from handover.models import HandOverLine, ReceiptRow


def _lines(cover: Enrollment) -> Iterator[Line]:
    lines = HandOverLine.objects.filter(enrollment=cover).select_related(
        "hand_over__proposed_by", "hand_over__released_by", "hand_over__insurer"
    )
    for line in lines.order_by("pk"):
        told = line.hand_over
        found: Line = [
            (_t("Hand-over"), f"#{told.pk} · {told.insurer.name} · {told.get_state_display()}"),
            (_t("Line"), f"{line.number} · {line.get_direction_display()}"),
            (_t("Put forward"), who(told.proposed_by, told.proposed_at)), (_t("Released"), who(told.released_by, told.released_at)),
            (_t("Checksum of the list"), told.digest), (_t("SHA-256 of the file"), told.sha256),
            (_t("Answer"), line.get_answer_display() if line.answer else ""),
            (_t("Answered at"), value_in_words(line.answered_at) if line.answered_at else ""),
            (_t("Insurer's policy"), line.policy_number), (_t("Why the insurer refused"), line.refusal),
        ]
        row = ReceiptRow.objects.filter(pk=line.row_id).select_related("file").first() if line.row_id else None
        if row is not None:
            found += [
                (_t("Receipt"), f"#{row.receipt_id}"), (_t("File"), row.file.name), (_t("SHA-256 of the file"), row.file.sha256),
                (_t("Line of the receipt"), str(row.line)),
            ]
        yield found


EVIDENCE = (Evidence(_("Hand-over and answer of the insurer"), _lines),)
