"""What must hold of insurers' invoices and remittances; `manage.py verify` runs them with those of the room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant


def _without(verb: str, model: str, row: str) -> str:
    """SQL: a row has no event of this verb."""
    return (
        f"NOT EXISTS (SELECT FROM audit_event e WHERE e.verb = '{verb}' AND e.subject_type = 'handover.{model}' "
        f"AND e.subject_id = {row}.id::text)"
    )


PREMIUM = [
    Invariant(
        15, "premium_moved_by_two",
        _("No invoice was agreed to by who uploaded or submitted it, no remittance approved or confirmed by one person alone."),
        """
        SELECT 'invoice', id FROM handover_invoice WHERE state IN ('approved', 'applying', 'applied')
            AND (decided_by_id IS NULL OR decided_by_id IN (uploaded_by_id, submitted_by_id) OR approved_digest <> digest)
        UNION ALL
        SELECT 'invoice', i.id FROM handover_invoicedecision d JOIN handover_invoice i ON i.id = d.invoice_id
        WHERE i.state IN ('approved', 'applying', 'applied') AND i.decided_by_id = d.decided_by_id
        UNION ALL
        SELECT 'remittance', id FROM handover_remittance WHERE state IN ('approved', 'paid', 'failed')
            AND (approved_by_id IS NULL OR approved_by_id = made_by_id)
        UNION ALL
        SELECT 'remittance', id FROM handover_remittance WHERE state IN ('paid', 'failed')
            AND (ended_by_id IS NULL OR ended_by_id = approved_by_id)
        """,
    ),
    Invariant(
        9, "agreed_is_what_was_due",
        _("Every agreed line is the premium of an accepted line of a hand-over of that period, as its row of the invoice says."),
        """
        SELECT a.id FROM handover_invoiceline a JOIN handover_invoice i ON i.id = a.invoice_id
        LEFT JOIN handover_handoverline l ON l.id = a.line_id LEFT JOIN handover_handover h ON h.id = l.hand_over_id
        LEFT JOIN handover_invoicerow r ON r.id = a.row_id AND r.invoice_id = a.invoice_id AND r.line_id = a.line_id
            AND r.set_aside = ''
        LEFT JOIN handover_invoicedecision d ON d.id = r.decision_id AND d.invoice_id = r.invoice_id
        WHERE l.id IS NULL OR r.id IS NULL OR h.period_id <> i.period_id OR l.answer <> 'accepted' OR NOT l.stands
            OR r.due <> CASE l.direction WHEN 'entry' THEN l.premium ELSE -l.premium END
            OR a.amount <> CASE WHEN d.kind = 'accept' THEN r.amount ELSE r.due END
            OR NOT (
                (r.verdict = 1 AND (i.covers <> '' OR r.amount = r.due))
                OR (r.verdict = 5 AND (coalesce(d.kind, '') = 'accept' OR (r.amount > r.due
                    AND (coalesce(d.kind, '') = 'insist' OR (d.id IS NULL AND i.pays_ours <> '')))))
            )
        UNION ALL
        SELECT min(id) FROM handover_invoiceline GROUP BY line_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        10, "invoice_equals_its_lines",
        _("An invoice has as many lines, of such a sum, as it says, and agreed what its lines say, by divisions of premium too."),
        """
        SELECT i.id FROM handover_invoice i
        LEFT JOIN LATERAL (
            SELECT count(*) AS lines, coalesce(sum(amount), 0) AS amount FROM handover_invoicerow r
            WHERE r.invoice_id = i.id AND r.verdict <> 7) said ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS lines, coalesce(sum(amount), 0) AS amount FROM handover_invoiceline a WHERE a.invoice_id = i.id
        ) agreed ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(((part ->> 1)::bigint - (part ->> 2)::bigint) * s.premium), 0) AS amount
            FROM jsonb_array_elements(i.shares) part JOIN programs_fundingsplit s ON s.id = (part ->> 0)::bigint) shared ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(sum((part ->> 1)::numeric), 0) AS amount FROM jsonb_array_elements(i.bearers) part) borne ON true
        WHERE (i.state IN ('review', 'submitted', 'approved', 'applying', 'applied')
                AND ((i.covers = '' AND (said.lines <> i.control_lines OR said.amount <> i.control_amount))
                    OR said.lines > i.control_lines))
            OR (i.state <> 'applying' AND (agreed.lines <> i.agreed_lines
                OR agreed.amount + CASE i.covers WHEN '' THEN 0 ELSE i.difference END <> i.agreed_amount))
            OR shared.amount + i.difference <> i.agreed_amount OR borne.amount <> i.difference
        """,
    ),
    Invariant(
        9, "sum_is_agreed_as_decided",
        _("An invoice without lines is agreed whole where it is equal, accepted as charged, or ours is less; else not at all."),
        """
        SELECT i.id FROM handover_invoice i
        LEFT JOIN LATERAL (
            SELECT kind FROM handover_invoicedecision WHERE invoice_id = i.id ORDER BY id DESC LIMIT 1) d ON true
        CROSS JOIN LATERAL (SELECT i.control_amount - (i.money -> 'due' ->> 1)::numeric AS yuan) above
        WHERE i.covers <> '' AND i.state = 'applied' AND (
            (i.agreed_lines > 0 AND NOT (above.yuan = 0 OR coalesce(d.kind, '') = 'accept'
                OR (coalesce(d.kind, '') = 'insist' AND above.yuan > 0)))
            OR i.difference <> CASE WHEN d.kind = 'accept' AND i.agreed_lines > 0 THEN above.yuan ELSE 0 END)
        """,
    ),
    Invariant(
        8, "an_invoice_is_taken_in_once", _("No number of an insurer stands on two invoices, with or without its code."),
        """
        SELECT min(id) FROM handover_invoice
        WHERE state NOT IN ('refused', 'withdrawn', 'failed', 'undone') GROUP BY insurer_id, number
        HAVING count(*) > 1 AND (bool_or(code = '') OR count(DISTINCT code) < count(*))
        """,
    ),
    Invariant(
        10, "red_letter_within_its_invoice",
        _("What invoices below zero take back of another is no more than it charged, of the same insurer and period."),
        """
        SELECT whole.id FROM handover_invoice whole JOIN handover_invoice red ON red.reverses_id = whole.id
        WHERE red.state NOT IN ('refused', 'withdrawn', 'failed', 'undone') GROUP BY whole.id
        HAVING whole.control_amount + sum(red.control_amount) < 0
            OR bool_or(red.insurer_id <> whole.insurer_id OR red.period_id <> whole.period_id)
        """,
    ),
    Invariant(
        18, "invoice_row_has_one_outcome", _("Every line of an agreed invoice is agreed, set aside, or says why it is not agreed."),
        """
        SELECT r.id FROM handover_invoicerow r JOIN handover_invoice i ON i.id = r.invoice_id
        LEFT JOIN handover_invoiceline a ON a.row_id = r.id AND a.invoice_id = r.invoice_id
        WHERE i.state = 'applied' AND (
            (r.verdict = 1 AND (a.id IS NULL) <> (r.set_aside <> '')) OR (r.verdict NOT IN (1, 5) AND a.id IS NOT NULL)
            OR (r.verdict <> 1 AND cardinality(r.codes) = 0))
        """,
    ),
    Invariant(
        10, "remittance_equals_its_invoices",
        _("A remittance is the agreed sum of its invoices of one period and insurer, and so are its payers' parts."),
        """
        SELECT r.id FROM handover_remittance r
        LEFT JOIN LATERAL (
            SELECT count(*) AS invoices, sum(n.amount) AS amount, sum(i.agreed_amount) AS agreed, sum(i.agreed_lines) AS lines,
                bool_and(i.state = 'applied' AND i.period_id = r.period_id AND i.insurer_id = r.insurer_id
                    AND n.stands = (r.state IN ('prepared', 'approved', 'paid'))) AS fits
            FROM handover_remittanceinvoice n JOIN handover_invoice i ON i.id = n.invoice_id
            WHERE n.remittance_id = r.id) whole ON true
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS amount FROM handover_remittancepart p WHERE p.remittance_id = r.id) part ON true
        WHERE whole.invoices = 0 OR NOT whole.fits OR whole.amount <> r.amount OR whole.agreed <> r.amount
            OR whole.lines <> r.lines OR part.amount IS DISTINCT FROM r.amount
        """,
    ),
    Invariant(
        8, "invoice_is_remitted_once", _("No invoice is on two remittances that stand."),
        "SELECT invoice_id FROM handover_remittanceinvoice WHERE stands GROUP BY 1 HAVING count(*) > 1",
    ),
    Invariant(
        14, "remitted_equals_ledger",
        _("What the books say was paid to the insurer of each payer's money is what remittances paid."),
        """
        SELECT program_id, funder_id FROM (
            SELECT program_id, funder_id, balance AS amount FROM programs_ledgeraccount WHERE kind = 'insurer_paid'
            UNION ALL
            SELECT r.program_id, p.funder_id, p.amount FROM handover_remittancepart p
            JOIN handover_remittance r ON r.id = p.remittance_id WHERE r.state = 'paid'
        ) AS both_sides GROUP BY 1, 2 HAVING sum(amount) <> 0
        UNION ALL
        SELECT r.program_id, NULL FROM handover_remittance r LEFT JOIN programs_ledgertransaction t
            ON t.source_type = 'handover.remittance' AND t.source_id = r.id AND t.kind = 'remit'
        GROUP BY r.id HAVING count(t.id) <> CASE WHEN r.state = 'paid' THEN 1 ELSE 0 END
        """,
    ),
    Invariant(
        20, "every_step_of_premium_has_its_event", _("Every invoice and remittance has the events of its steps."),
        f"""
        SELECT 'invoice', i.id FROM handover_invoice i
        WHERE CASE i.covers WHEN '' THEN {_without("invoice.received", "invoice", "i")}
                ELSE {_without("invoice.recorded", "invoice", "i")} END
            OR (i.state IN ('approved', 'applying', 'applied') AND {_without("invoice.approved", "invoice", "i")})
            OR (i.pays_ours <> '' AND {_without("invoice.difference_decided", "invoice", "i")})
        UNION ALL
        SELECT 'decision', d.id FROM handover_invoicedecision d
        WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.subject_type = 'handover.invoice'
            AND e.verb IN ('invoice.lines_decided', 'invoice.sum_decided') AND e.subject_id = d.invoice_id::text
            AND e.data ->> 'decision' = d.id::text)
        UNION ALL
        SELECT 'remittance', r.id FROM handover_remittance r WHERE {_without("remittance.prepared", "remittance", "r")}
            OR (r.state IN ('approved', 'paid', 'failed') AND {_without("remittance.approved", "remittance", "r")})
            OR (r.state = 'paid' AND {_without("remittance.paid", "remittance", "r")})
            OR (r.state = 'failed' AND {_without("remittance.failed", "remittance", "r")})
            OR (r.state = 'withdrawn' AND {_without("remittance.withdrawn", "remittance", "r")})
        """,  # noqa: S608 - names of our own
    ),
    Invariant(
        26, "no_raw_numbers_in_premium", _("No reason of an invoice or remittance holds a document or account number."),
        f"""
        SELECT 'invoice', id FROM handover_invoice WHERE pays_ours ~ '{NUMBER}' OR reason ~ '{NUMBER}'
        UNION ALL SELECT 'decision', id FROM handover_invoicedecision WHERE reason ~ '{NUMBER}'
        UNION ALL SELECT 'remittance', id FROM handover_remittance WHERE reason ~ '{NUMBER}'
        """,  # noqa: S608
    ),
]
