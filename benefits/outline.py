"""A plan in words: what each responsibility counts, deducts, pays and leaves out, for reading and for comparing versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from benefits import editing, labels, wording
from benefits.shapes import plain_number
from benefits.terms import (
    ALWAYS,
    AgeRange,
    Allowance,
    Band,
    Death,
    Disability,
    Exclusion,
    Expense,
    Factor,
    HospitalCondition,
    LumpSum,
    Named,
    Note,
    PlanTerms,
    Responsibility,
    Table,
    Unknown,
    When,
    Words,
)
from benefits.trace import percent


@dataclass(frozen=True)
class Section:
    """A responsibility, or what holds for the whole plan (code ""): facts as (label, text) and bands as (stretch, ratio)."""

    code: str
    title: str
    kind: str
    facts: tuple[tuple[str, str], ...]
    bands: tuple[tuple[str, str], ...] = ()
    #: What the source does not state: (part, as the file says it).
    unknown: tuple[tuple[str, str], ...] = ()
    #: Where figures come from: (mark and what it is about, what was taken from where).
    notes: tuple[tuple[str, str], ...] = ()


def outline(terms: PlanTerms, language: str = "zh") -> list[Section]:
    """The plan as a whole, then each responsibility in order of settlement."""
    said = _Said(terms, language)
    return [said.plan(), *(said.responsibility(part) for part in terms.responsibilities)]


class _Said:
    """The words of one plan in one language."""

    def __init__(self, terms: PlanTerms, language: str) -> None:
        self.terms, self.language = terms, language
        self.kinds = {kind.code: kind.name for kind in terms.kinds}
        self.parts = {part.code: part.name for part in terms.responsibilities}
        self._days = "天" if language == "zh" else " days"

    def plan(self) -> Section:
        """What holds for all responsibilities."""
        terms = self.terms
        facts = [
            ("code", terms.code), ("year", "" if terms.year is None else str(terms.year)), ("region", terms.region),
            ("starts", terms.starts),
            ("prices", self._prices()), ("pre_existing", self._pre_existing()), ("occupations", self._occupations()),
            ("kinds", self._list(self._named(kind) for kind in terms.kinds)),
        ]
        said = [(labels.title(key, self.language), text) for key, text in facts if text]
        for key, shared in (("deductibles", terms.deductibles), ("limits", terms.limits)):
            said += [
                (f"{labels.title(key, self.language)} {one.name}", f"{self._per(one.per)}{self._money(one.amount)}")
                for one in shared
            ]
        said += self._exclusions(terms.exclusions)
        return Section("", terms.name.say(self.language), labels.option("kind", terms.kind, self.language), tuple(said),
                       unknown=self._unknown(terms.unknown), notes=tuple(self._note(note) for note in terms.notes))

    def _note(self, note: Note) -> tuple[str, str]:
        mark = labels.option("mark", note.mark, self.language)
        where = editing.place_in_words(note.place, self.terms, self.language)
        text = note.text.say(self.language)
        source = "" if note.source is None else self._bracketed(self._source(note.source, note.read_on))
        return (mark + self._bracketed(where) if where else mark), text + source

    def _source(self, source: Words, read_on: date | None) -> str:
        when = self._word("not_read") if read_on is None else f"{self._word('read_on')}{read_on.isoformat()}"
        return self._list((f"{self._word('source')}{source.say(self.language)}", when), "；")

    def _word(self, key: str) -> str:
        return wording.say(wording.WORDS, key, self.language)

    def responsibility(self, part: Responsibility) -> Section:
        """One responsibility."""
        facts: list[tuple[str, str]] = []
        bands: tuple[tuple[str, str], ...] = ()
        match part:
            case Expense():
                facts, bands = self._expense(part), tuple(self._bands(part))
            case LumpSum():
                facts = [("amount", self._money(part.amount)), ("diagnoses", self._list(part.diagnoses)),
                         ("times", self._unless(part.times, 1))]
            case Allowance():
                facts = [("amount", self._money(part.amount)), ("days_unpaid", self._unless(part.days_unpaid, 0, self._days)),
                         ("days_per_event", self._unless(part.days_per_event, None, self._days)),
                         ("days_per_year", self._unless(part.days_per_year, None, self._days)),
                         ("settings", self._options("settings", part.settings)), ("hospital", self._hospital(part.hospital)),
                         ("settlement_required", self._yes(part.settlement_required))]
            case Death():
                facts = [("amount", self._money(part.amount)),
                         ("deducts", self._list(self.parts[code].say(self.language) for code in part.deducts)),
                         ("cap_over_policies", self._money(part.cap_over_policies))]
            case Disability():
                facts = [("amount", self._money(part.amount)), ("scale", self._list(percent(one) for one in part.scale)),
                         ("several", labels.option("several", part.several, self.language))]
        facts += self._conditions(part)
        said = [(labels.title(key, self.language), text) for key, text in facts if text]
        return Section(
            part.code, part.name.say(self.language), labels.option("benefit", part.benefit, self.language),
            (*said, *self._limits(part), *self._exclusions(part.exclusions)), bands,
            self._unknown(part.unknown),
        )

    def _unknown(self, gaps: Sequence[Unknown]) -> tuple[tuple[str, str], ...]:
        return tuple(
            (wording.say(labels.UNKNOWN_PARTS, gap.part, self.language), gap.text.say(self.language)) for gap in gaps
        )

    def _expense(self, part: Expense) -> list[tuple[str, str]]:
        shared = ""
        for one in self.terms.deductibles:
            if one.name == part.shared_deductible:
                shared = f"{one.name}: {self._per(one.per)}{self._money(one.amount)}"
        deductible = f"{self._per(part.deductible_per)}{self._money(part.deductible)}" if part.deductible else ""
        return [
            ("counts", self._list(self._kind(code) for code in part.counts)),
            ("of_remainder", self._yes(part.of_remainder)),
            ("settings", self._options("settings", part.settings)), ("hospital", self._hospital(part.hospital)),
            ("required_list", part.required_list), ("indication_required", self._yes(part.indication_required)),
            ("settlement_required", self._yes(part.settlement_required)),
            ("factors", self._list((self._factor(one) for one in part.factors), "；")),
            ("deductible", deductible), ("shared_deductible", shared),
            ("bands_counted", labels.option("bands_counted", part.bands_counted, self.language) if _begins_or_ends(part) else ""),
            ("bands_per", "" if part.bands_per == "year" else self._per(part.bands_per)),
        ]

    def _bands(self, part: Expense) -> Iterable[tuple[str, str]]:
        for band in part.bands:
            yield self._stretch(band), self._ratio(band.ratio)

    def _stretch(self, band: Band) -> str:
        if band.end is None and not band.start:
            return self._in("全部", "all of it")
        if band.end is None:
            return self._in(f"{_yuan(band.start)}元以上", f"above {_yuan(band.start)} yuan")
        return self._in(f"{_yuan(band.start)}–{_yuan(band.end)}元", f"{_yuan(band.start)}–{_yuan(band.end)} yuan")

    def _conditions(self, part: Responsibility) -> list[tuple[str, str]]:
        waiting = self._unless(part.waiting_days, 0, self._days)
        if waiting and not part.waiting_waived_when_renewing:
            waiting += self._in("（续保也适用）", " (when renewing, too)")
        return [
            ("events", self._options("events", part.events)),
            ("held_to", "" if part.held_to == "treatment" else labels.option("held_to", part.held_to, self.language)),
            ("waiting_days", waiting), ("within_days", self._unless(part.within_days, None, self._days)),
            ("age", self._age(part.age)),
        ]

    def _limits(self, part: Responsibility) -> list[tuple[str, str]]:
        label = labels.title("limits", self.language)
        said = [(label + self._bracketed(self._per(limit.per).strip()), self._money(limit.amount)) for limit in part.limits]
        shared = labels.title("shared_limits", self.language)
        return said + [
            (f"{shared} {one.name}", f"{self._per(one.per)}{self._money(one.amount)}")
            for one in self.terms.limits if one.name in part.shared_limits
        ]

    def _exclusions(self, exclusions: Sequence[Exclusion]) -> list[tuple[str, str]]:
        label = labels.title("exclusions", self.language)
        return [(f"{label} {one.name.say(self.language)}", self._exclusion(one)) for one in exclusions]

    def _exclusion(self, one: Exclusion) -> str:
        return self._list((
            *(f"{labels.title('tags', self.language)} {self._list(one.tags)}" for _ in one.tags[:1]),
            *(f"{labels.title('diagnoses', self.language)} {self._list(one.diagnoses)}" for _ in one.diagnoses[:1]),
            *(self._list(self._kind(code) for code in one.kinds) for _ in one.kinds[:1]),
            *(self._options("settings", one.settings) for _ in one.settings[:1]),
            wording.say(wording.REFUSALS, one.code, self.language),
        ), "；")

    def _prices(self) -> str:
        said = []
        for price in self.terms.prices:
            when = [self._ages(price.age_from, price.age_to)] if price.age_from is not None or price.age_to is not None else []
            if price.student is not None:
                when.append(self._in("学生" if price.student else "非学生", "students" if price.student else "no students"))
            if price.category:
                when.append(price.category)
            if price.name is not None:
                when.insert(0, price.name.say(self.language))
            said.append((f"{self._list(when)}{self._colon()}" if when else "") + self._yuan(price.amount))
        return self._list(said, "；")

    def _pre_existing(self) -> str:
        rule = self.terms.pre_existing
        if rule is None:
            return ""
        groups = self._list(self._named(group) for group in rule.groups)
        way = labels.option("by", rule.by, self.language)
        return f"{way}{self._colon()}{groups}" if groups else way

    def _occupations(self) -> str:
        rule = self.terms.occupations
        if rule is None:
            return ""
        highest = self._in(f"可承保至{rule.highest_class}类", f"up to class {rule.highest_class}")
        return self._list((highest, labels.option("wrong_class", rule.wrong_class, self.language)), "；")

    def _hospital(self, asked: HospitalCondition | None) -> str:
        if asked is None:
            return ""
        level = self._in(f"{asked.level_from}级及以上", f"level {asked.level_from} or above") if asked.level_from else ""
        return self._list(text for text in (
            level, self._in("公立", "public") if asked.public else "",
            f"{labels.title('listed', self.language)} {asked.listed}" if asked.listed else "",
            f"{labels.title('refused_departments', self.language)} {self._list(asked.refused_departments)}"
            if asked.refused_departments else "",
        ) if text)

    def _age(self, asked: AgeRange | None) -> str:
        if asked is None:
            return ""
        return self._ages(asked.lowest, asked.highest) + self._bracketed(labels.option("on", asked.on, self.language))

    def _ages(self, lowest: int | None, highest: int | None) -> str:
        if highest is None:
            return self._in(f"{lowest}岁及以上", f"from age {lowest}")
        if lowest is None:
            return self._in(f"{highest}岁及以下", f"up to age {highest}")
        return self._in(f"{lowest}–{highest}岁", f"age {lowest}–{highest}")

    def _factor(self, one: Factor) -> str:
        kinds = self._list(self._kind(code) for code in one.kinds)
        said = self._list(text for text in (kinds, self.when(one.when)) if text)
        return (f"{said}{self._colon()}" if said else "") + percent(one.value)

    def _money(self, table: Table) -> str:
        return self._table(table, self._yuan)

    def _ratio(self, table: Table) -> str:
        return self._table(table, percent)

    def _table(self, table: Table, speak: Callable[[Decimal], str]) -> str:
        if len(table) == 1 and table[0].when == ALWAYS:
            return speak(table[0].value)
        return self._list((
            f"{self.when(row.when) or self._in('其他', 'others')}{self._colon()}{speak(row.value)}" for row in table
        ), "；")

    def when(self, when: When) -> str:
        """Circumstances."""
        said = []
        for key in ("health_class", "locality"):
            value = getattr(when, key)
            if value is not None:
                said.append(labels.option(key, value, self.language))
        if when.continuity_from:
            said.append(self._in(f"连续投保满{when.continuity_from}年", f"{when.continuity_from} years in a row"))
        if when.claim_free_from:
            said.append(self._in(f"连续未理赔满{when.claim_free_from}年", f"{when.claim_free_from} claim-free years"))
        if when.settled is not None:
            said.append(self._in("经医保结算" if when.settled else "未经医保结算", "settled" if when.settled else "not settled"))
        if when.age_from is not None or when.age_to is not None:
            said.append(self._ages(when.age_from, when.age_to))
        return self._list(said)

    def _kind(self, code: str) -> str:
        own: Words | None = self.kinds.get(code)
        return wording.say(wording.KINDS, code, self.language) if own is None else own.say(self.language)

    def _named(self, one: Named) -> str:
        return one.name.say(self.language) + self._bracketed(one.code)

    def _per(self, per: str) -> str:
        word = wording.say(wording.PERIODS, per, self.language)
        return f"{word} " if self.language == "en" else word

    def _options(self, key: str, values: Iterable[str]) -> str:
        return self._list(labels.option(key, value, self.language) for value in values)

    def _yes(self, said: bool) -> str:
        return self._in("是", "yes") if said else ""

    def _unless(self, value: int | None, usual: int | None, unit: str = "") -> str:
        return "" if value is None or value == usual else f"{value}{unit}"

    def _yuan(self, amount: Decimal) -> str:
        return f"{_yuan(amount)}{self._word('yuan')}"

    def _list(self, said: Iterable[str], mark: str = "、") -> str:
        return ({"、": ", ", "；": "; "}[mark] if self.language == "en" else mark).join(said)

    def _bracketed(self, text: str) -> str:
        return wording.bracketed(text, self.language)

    def _colon(self) -> str:
        return wording.mark("colon", self.language)

    def _in(self, zh: str, en: str) -> str:
        return en if self.language == "en" else zh


def _begins_or_ends(part: Expense) -> bool:
    """Whether it matters from where its bands count: one band that holds everything pays the same either way."""
    return any(band.start or band.end is not None for band in part.bands)


def _yuan(amount: Decimal) -> str:
    return f"{plain_number(amount):,}"


@dataclass(frozen=True)
class Change:
    """One difference between two plans: where, what stood there and what stands there now; "" for nothing."""

    section: str
    label: str
    before: str
    after: str


def changes(before: PlanTerms, after: PlanTerms, language: str = "zh") -> list[Change]:
    """What differs, in words: the plan as a whole, then each responsibility of either by its code, in the order of the later."""
    old = {section.code: section for section in outline(before, language)}
    new = {section.code: section for section in outline(after, language)}
    found: list[Change] = []
    for code in [*new, *(code for code in old if code not in new)]:
        section = new.get(code) or old[code]
        was = _told(old[code], language) if code in old else {}
        now = _told(new[code], language) if code in new else {}
        found += _between(section.title, was, now)
    order = [part.code for part in before.responsibilities if part.code in new]
    if order != [part.code for part in after.responsibilities if part.code in old]:
        found.append(Change(
            after.name.say(language), ("理算顺序", "order of settlement")[wording.LANGUAGES.index(language)],
            "、".join(old[code].title for code in order),
            "、".join(new[part.code].title for part in after.responsibilities if part.code in old),
        ))
    return found


def _told(section: Section, language: str) -> dict[str, str]:
    """A section as label and text, labels that stand twice together."""
    name, kind = labels.title("name", language), labels.title("kind", language)
    band, unknown, notes = (labels.title(key, language) for key in ("ratio", "unknown", "notes"))
    said: dict[str, str] = {}
    for label, text in (
        (name, section.title), (kind, section.kind), *section.facts,
        *((f"{band} {stretch}", ratio) for stretch, ratio in section.bands),
        *((f"{unknown} {part}", text) for part, text in section.unknown),
        *((f"{notes} {where}", text) for where, text in section.notes),
    ):
        said[label] = f"{said[label]}{wording.mark('semicolon', language)}{text}" if label in said else text
    return said


def _between(title: str, before: dict[str, str], after: dict[str, str]) -> list[Change]:
    return [
        Change(title, label, before.get(label, ""), after.get(label, ""))
        for label in [*after, *(label for label in before if label not in after)]
        if before.get(label) != after.get(label)
    ]
