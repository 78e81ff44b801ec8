"""Versions of a plan beside one another: what differs between two, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _t

from benefits.outline import changes
from programs.admin.plan_facts import papers_in_words, terms_in_words
from programs.benefit_terms import benefit_terms, engine_language
from programs.models import Plan


def compared(before: Plan, after: Plan) -> list[tuple[str, str, str, str]]:
    """What differs between two versions: (part, term, before, after) in words."""
    plan_title = _t("Terms")
    old, new = terms_in_words(before), terms_in_words(after)
    # What only one of the two says, such as prices, stands too.
    found = [
        (plan_title, label, str(old.get(label, "")), str(new.get(label, "")))
        for label in dict.fromkeys([*old, *new]) if old.get(label) != new.get(label)
    ]
    old_papers, new_papers = papers_in_words(before), papers_in_words(after)
    found += [
        (_t("Papers"), kind, old_papers.get(kind, ""), new_papers.get(kind, "")) for kind in {**old_papers, **new_papers}
        if old_papers.get(kind) != new_papers.get(kind)
    ]
    was, now = benefit_terms(before), benefit_terms(after)
    if was is not None and now is not None:
        return found + [(one.section, one.label, one.before, one.after) for one in changes(was, now, engine_language())]
    if was is not None or now is not None:
        found.append((_t("Benefits"), _t("stated"), "—" if was is None else was.name.say(engine_language()),
                      "—" if now is None else now.name.say(engine_language())))
    return found
