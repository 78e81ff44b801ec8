"""A roster without a file: people of one program's office enrolled in another program of the same office; see ADR 47.

Identity, place and categories are taken over. Contact, accounts and guardians are not: they were given for the other program,
under keys that are destroyed with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from audit import blind_index
from audit.faults import fault_point
from beneficiaries.models import Roster
from beneficiaries.renewing_periods import CoversTemplate
from beneficiaries.template import CONTACT, RosterContext, contact_text

# Digests of those who bring something: of place and categories for whoever is new here; of the digest that stands and the
# categories for whoever is known, so that what they bring shows as a change.
_BRING = """
SELECT DISTINCT region_code, ids, CASE WHEN is_known THEN contact_digest END
FROM renewal_work WHERE code = '' AND (NOT is_known OR brings)
"""
_NOTE = """
UPDATE renewal_work w SET new_digest = given.digest
FROM unnest(%(places)s::text[], %(held)s::text[], %(stood)s::bytea[], %(digests)s::bytea[]) AS given(place, held, stood, digest)
WHERE w.code = '' AND (NOT w.is_known OR w.brings) AND w.region_code = given.place AND w.ids = given.held::bigint[]
    AND CASE WHEN w.is_known THEN w.contact_digest END IS NOT DISTINCT FROM given.stood
"""


class KnownElsewhereTemplate(CoversTemplate):
    """Everybody whose cover of another program is in force; new here, or known with what they bring."""

    title = _("Enroll people of another program")
    states = ("in_force",)
    known = """coalesce(here.region_code, beneficiary.region_code) AS region_code,
            beneficiary.restricted_at IS NOT NULL OR here.restricted_at IS NOT NULL AS restricted, here.id IS NOT NULL AS is_known,
            here.id IS NOT NULL AND EXISTS (SELECT FROM unnest(held.ids) AS named(category_id)
                WHERE named.category_id <> ALL(%(for_everybody)s::bigint[]) AND NOT EXISTS (
                SELECT FROM beneficiaries_beneficiarycategory own WHERE own.beneficiary_id = here.id
                    AND own.category_id = named.category_id AND (own.valid_to IS NULL OR own.valid_to > %(cover_from)s))) AS brings,
            here.contact_digest, NULL::bytea AS new_digest"""
    here = """LEFT JOIN LATERAL (
            SELECT id, region_code, restricted_at, contact_digest FROM beneficiaries_beneficiary
            WHERE person_id = before.person_id AND program_id = %(program)s AND organization_id = %(organization)s LIMIT 1
        ) AS here ON true"""
    holders = "beneficiary_id IN (before.beneficiary_id, here.id)"
    guarded = "here.id"

    def looked_at(self, roster: Roster) -> dict[str, Any]:
        """Covers that have not come to their end."""
        return {**super().looked_at(roster), "ends_after": roster.uploaded_at}

    def terms_of(self, subject: Roster) -> Sequence[str]:
        """And on what ground."""
        return (*super().terms_of(subject), f"basis {subject.basis}")

    def note_contacts(self, cursor: CursorWrapper, context: RosterContext) -> None:
        """One value for each place and set of categories, a few hundred; one for each person who is known and brings something."""
        cursor.execute(_BRING)
        found = cursor.fetchall()
        if not found:
            return
        codes = {number: code for code, number in context.category_ids.items()}
        texts = []
        for place, ids, stood in found:
            categories = sorted(codes[number] for number in ids)
            texts.append(contact_text(place, categories) if stood is None else f"{bytes(stood).hex()}\x1f{','.join(categories)}")
        fault_point("beneficiaries.note_contacts.before")
        cursor.execute(_NOTE, {
            "places": [place for place, _ids, _stood in found],
            "held": ["{" + ",".join(map(str, ids)) + "}" for _place, ids, _stood in found],
            "stood": [None if stood is None else bytes(stood) for _place, _ids, stood in found],
            "digests": blind_index.index_many(CONTACT, texts),
        })
        fault_point("beneficiaries.note_contacts.after")


KNOWN_ELSEWHERE = KnownElsewhereTemplate()
