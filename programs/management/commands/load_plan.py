"""`manage.py load_plan FILE --program CODE --user NAME`: a plan file becomes what a draft pays; `--write FILE` goes back."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.console import user_with
from accounts.models import User
from audit.errors import Refused
from benefits import plan_file, wording
from benefits.shapes import FileRefused
from benefits.soundness import doubts
from benefits.terms import PlanTerms
from programs import actions
from programs.actions.plans import PlanDraft
from programs.benefit_terms import benefit_terms
from programs.models import Category, Plan, PlanBenefits, Program

#: A file's ending: how it is written.
FORMS = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class Command(BaseCommand):
    """Uses the same actions as the pages: permission, scope, maker and checker hold here too."""

    help = (
        "Loads a plan file into a draft: a new version like the newest one, or the draft that --plan names."
        " With --write instead writes what a version pays to a file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("file", type=Path, nargs="?", help="a plan file to load")
        parser.add_argument("--write", type=Path, metavar="FILE", help="a file to be made: .yaml, .yml or .json")
        parser.add_argument("--program", required=True, help="code of the program")
        parser.add_argument("--user", required=True, help="user name of whoever drafts, or reads")
        parser.add_argument("--plan", type=int, metavar="VERSION", help="the draft that is to state it, or the version to write")
        parser.add_argument("--premium", help="yuan; of a program's first plan (by default the file's only price)")
        parser.add_argument("--cover", help="yuan; of a program's first plan (by default the file's highest yearly limit for all)")
        parser.add_argument("--language", choices=wording.LANGUAGES, default="zh", help="of problems")

    def handle(self, *args: Any, **options: Any) -> None:
        """One way or the other."""
        if (options["file"] is None) == (options["write"] is None):
            raise CommandError("Name a file to load, or one to --write.")
        if options["write"] is None:
            self.load(options)
        else:
            self.write(options)

    def load(self, options: dict[str, Any]) -> None:
        """Read, draft, say what should be looked at."""
        language = options["language"]
        terms = _terms(options["file"], language)
        maker = user_with(options["user"], "programs.change_plan")
        program = _program(options["program"], maker, "programs.change_plan")
        at = timezone.now()
        try:
            with transaction.atomic():
                plan = _draft(program, options, terms, by=maker, at=at)
                held = PlanBenefits.objects.filter(plan=plan).first()
                actions.set_benefits(plan, terms, base=held.digest if held is not None else "", by=maker, at=at)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{program.code} version {plan.number}: {len(terms.responsibilities)} responsibilities, a draft.")
        for doubt in doubts(terms):
            self.stdout.write(doubt.say(language))

    def write(self, options: dict[str, Any]) -> None:
        """What a version pays, as the page's download says it."""
        path: Path = options["write"]
        form = FORMS.get(path.suffix.lower())
        if form is None:
            raise CommandError(f"{path}: name it {', '.join([*FORMS][:-1])} or {[*FORMS][-1]}.")
        reader = user_with(options["user"], "programs.view_plan")
        program = _program(options["program"], reader, "programs.view_plan")
        plan = _version(Plan.objects.visible_to(reader, "programs.view_plan").filter(program=program), program, options["plan"])
        terms = benefit_terms(plan)
        if terms is None:
            raise CommandError(f"{program.code} version {plan.number} states no benefits.")
        _write_new(path, plan_file.dump(terms, form=form))
        self.stdout.write(
            f"{program.code} version {plan.number}: {len(terms.responsibilities)} responsibilities, written to {path}."
        )


def _program(code: str, user: User, permission: str) -> Program:
    program = Program.objects.visible_to(user, permission).filter(code=code).first()
    if program is None:
        raise CommandError(f"{user} reaches no program {code}.")
    return program


def _version(plans: QuerySet[Plan], program: Program, number: int | None) -> Plan:
    """The version of a number, or the newest."""
    plan = plans.order_by("-number").first() if number is None else plans.filter(number=number).first()
    if plan is None:
        raise CommandError(f"{program.code} has no version{'' if number is None else f' {number}'}.")
    return plan


def _write_new(path: Path, text: str) -> None:
    """A file that was not there before: nobody's is written over."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise CommandError(f"There is a file {path} already.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}") from error


def _terms(path: Path, language: str) -> PlanTerms:
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    try:
        return plan_file.load_path(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text: {error}") from error
    except FileRefused as error:
        raise CommandError("\n".join([f"{path.name}:", *error.say(language)])) from error


def _draft(program: Program, options: dict[str, Any], terms: PlanTerms, *, by: Any, at: Any) -> Plan:
    """The draft that is named, or a new version."""
    if options["plan"] is not None:
        return _version(program.plans.all(), program, options["plan"])
    newest = program.plans.order_by("-number").first()
    if newest is not None:
        return actions.copy_plan(newest, by=by, at=at)
    usual = actions.usual_terms(program.kind)
    categories = Category.objects.filter(active=True, holds_for_everybody=usual.open_to_all).order_by("position")
    columns = {
        "name": terms.name.zh, "premium": _money(options["premium"], "--premium", _price(terms)),
        "cover_limit": _money(options["cover"], "--cover", _cover(terms)), **usual.columns,
    }
    return actions.create_plan(program, terms=columns, draft=PlanDraft(categories=list(categories)), by=by, at=at)


def _price(terms: PlanTerms) -> Decimal | None:
    prices = {price.amount for price in terms.prices}
    return prices.pop() if len(prices) == 1 else None


def _cover(terms: PlanTerms) -> Decimal | None:
    return max((row.value for limit in terms.limits if limit.per == "year" for row in limit.amount), default=None)


def _money(given: str | None, name: str, usual: Decimal | None) -> Decimal:
    try:
        amount = usual if given is None else Decimal(given)
    except InvalidOperation as error:
        raise CommandError(f"{name} {given} is no amount.") from error
    if amount is None:
        raise CommandError(f"The file does not tell: say it by {name}.")
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
        raise CommandError(f"{name} {given} is no amount in yuan and fen.")
    return amount
