"""What words of a roster mean: headings as in any import, and its categories and places."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from beneficiaries.choices import PLACES_AT_MOST, categories, near, places_of
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake.actions.mending import words_asked
from intake.models import Kind
from intake.pages.forms import NOTHING, WordsForm, rows_in_words


class RosterWordsForm(WordsForm):
    """For each unknown word a drop-down."""

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, subject=roster, template=template_of(roster), **kwargs)
        asked = words_asked(roster)
        kinds = [NOTHING, *categories()] if asked.get(Kind.CATEGORY) else []
        for word, rows in asked.get(Kind.CATEGORY, {}).items():
            self.ask(Kind.CATEGORY, word, _t("Category “%(word)s”"), kinds, rows_in_words(rows))
        places = list(places_of(roster).values_list("pk", "full_name", "name")) if asked.get(Kind.REGION) else []
        listed = [(code, f"{name} {code}") for code, name, _short in places if len(code) <= 9][:PLACES_AT_MOST]
        full = {code: f"{name} {code}" for code, name, _short in places}
        for word, rows in asked.get(Kind.REGION, {}).items():
            alike = [(code, full[code]) for code, _name in near(word, [(code, short) for code, _name, short in places])]
            offered: list[Any] = [NOTHING]
            if alike:
                offered.append((_t("Similar names"), alike))
            first = {code for code, _name in alike}
            offered.append((_t("All places"), [place for place in listed if place[0] not in first]))
            self.ask(Kind.REGION, word, _t("Place “%(word)s”"), offered, rows_in_words(rows))
