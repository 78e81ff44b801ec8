"""`manage.py quote --plan FILE_OR_CODE --facts FILE`: decide cases of a file under a plan; no database is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from benefits import facts_file, plan_file, wording
from benefits.facts import FactsRefused
from benefits.quotes import Quoted, quoted
from benefits.shapes import FileRefused
from benefits.terms import PlanTerms, Unknown


class Command(BaseCommand):
    """Cases are settled one after the other: each uses what those before it left."""

    help = "Decides the cases of a file under a plan and shows each step. No database is asked."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Plan, facts, form of the answer."""
        parser.add_argument("--plan", required=True, help="a plan file, or the name of one in fixtures/plans")
        parser.add_argument("--facts", required=True, type=Path, help="a file of cases; see docs/plans.md")
        parser.add_argument("--json", action="store_true", help="machine-readable")
        parser.add_argument("--language", choices=wording.LANGUAGES, default="zh", help="of table and sentences")
        parser.add_argument("--sentences", action="store_true", help="plain sentences instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Decide and show."""
        language = options["language"]
        plan_path = path_of(options["plan"])
        terms = read(plan_file.load_path, plan_path, language)
        cases = read(facts_file.load_path, options["facts"], language)
        try:
            decided = quoted(cases, terms)
        except FactsRefused as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer(terms, decided), ensure_ascii=False, indent=2))
            return
        for name, decision in decided:
            self.stdout.write(f"{terms.name.say(language)} - {name}")
            self.stdout.write(
                "\n".join(decision.trace.sentences(language)) if options["sentences"] else decision.trace.text_table(language)
            )
            self.stdout.write("")
        for gap in gaps(terms):
            self.stdout.write(f"{wording.say(wording.WORDS, 'unknown', language)}{gap.text.say(language)}")


def gaps(terms: PlanTerms) -> list[Unknown]:
    """All that the source of a plan does not state."""
    return [*terms.unknown, *(gap for part in terms.responsibilities for gap in part.unknown)]


def answer(terms: PlanTerms, decided: Sequence[Quoted]) -> dict[str, Any]:
    """What --json gives."""
    return {
        "plan": terms.code,
        "unknown": [{"part": gap.part, "zh": gap.text.zh, "en": gap.text.say("en")} for gap in gaps(terms)],
        "cases": [{"name": name, **decision.to_data()} for name, decision in decided],
    }


def path_of(plan: str) -> Path:
    """A plan's file: as named, or by its code among the fixtures."""
    folder = Path(settings.BASE_DIR) / "fixtures" / "plans"
    named = Path(plan)
    for path in (named, folder / plan, *(folder / f"{plan}{ending}" for ending in (".yaml", ".json"))):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in folder.iterdir() if path.suffix in (".yaml", ".json")))
    raise CommandError(f"There is no plan {plan}. Name a file, or one of: {known}")


def read(load: Any, path: Path, language: str) -> Any:
    """A file's content, or every problem in it."""
    try:
        return load(path)
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text: {error}") from error
    except FileRefused as error:
        raise CommandError("\n".join([f"{path.name}:", *error.say(language)])) from error
