"""Every sentence has its Chinese: of the rooms, of unfold, of the packages whose pages are shown."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext, ngettext, override, pgettext

from benefits.labels import FIELDS
from tests.kit.words import Sentence, of_template, sentences

ROOT = Path(settings.BASE_DIR)
CATALOGS = sorted(ROOT.glob("*/locale/zh_Hans/LC_MESSAGES/django.po"))
ROOMS = sorted(config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT)
#: A place in a sentence that a value takes.
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
TAG = re.compile(r"<[^<>]*>")
#: What Chinese writes in full width, beside a Chinese character or mark; Excel's names and times keep their own.
HALF = re.compile(r"[,;:?!(]\s*[\u3001-\u9fff]|[\u3001-\u9fff]\s*[,;:?!)]")
#: Packages whose pages or words users meet.
GUESTS = ("unfold", "axes", "import_export", "django_celery_beat")


def chinese(sentence: Sentence) -> str:
    """A sentence as the portal says it in Chinese."""
    with override("zh-hans"):
        if sentence.context:
            return pgettext(sentence.context, sentence.message)
        if sentence.plural:
            return ngettext(sentence.message, sentence.plural, 2)
        return gettext(sentence.message)


def unsaid(found: dict[Sentence, Path]) -> list[str]:
    """The sentences of `found` that stay English."""
    return sorted(
        f"{path.name}: {sentence.message!r}" for sentence, path in found.items()
        if sentence.message.strip() and chinese(sentence) in (sentence.message, sentence.plural)
        and any(letter.isascii() and letter.isalpha() for letter in PLACE.sub("", sentence.message))
        and not known_alike(sentence)
    )


def known_alike(sentence: Sentence) -> bool:
    """Whether a catalog says that the Chinese is the same as the English (HTTP, CSV)."""
    for path in CATALOGS:
        entry = polib.pofile(str(path)).find(sentence.message)
        if entry is not None and entry.msgstr == sentence.message:
            return True
    return False


@pytest.mark.parametrize("room", ROOMS)
def test_each_sentence_of_a_room_has_its_chinese(room: str) -> None:
    assert unsaid(sentences(ROOT / room) | sentences(ROOT / "templates" / room)) == []


def test_each_sentence_of_the_frame_and_the_error_pages_has_its_chinese() -> None:
    found = sentences(ROOT / "templates" / "admin") | sentences(ROOT / "templates" / "unfold")
    for path in ROOT.glob("templates/*.html"):
        found.update(dict.fromkeys(of_template(path.read_text(encoding="utf-8")), path))
    assert len(found) > 20
    assert unsaid(found) == []


@pytest.mark.parametrize("package", GUESTS)
def test_each_sentence_of_a_guest_has_its_chinese(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    assert unsaid(sentences(Path(spec.origin).parent)) == []


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-5])
def test_each_entry_of_a_catalog_is_said_in_chinese(path: Path) -> None:
    for entry in polib.pofile(str(path)):
        assert not entry.fuzzy, entry.msgid
        assert not entry.obsolete, entry.msgid
        said = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        assert said and all(said), entry.msgid


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-5])
def test_chinese_is_punctuated_in_full_width(path: Path) -> None:
    said = [text for entry in polib.pofile(str(path)) for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert [text for text in said if HALF.search(PLACE.sub("", TAG.sub("", text)))] == []


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-5])
def test_the_compiled_catalog_is_that_of_its_source(path: Path) -> None:
    def said(entries: polib.POFile | polib.MOFile) -> dict[tuple[str, str], object]:
        return {
            (entry.msgctxt or "", entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries
        }

    assert said(polib.mofile(str(path.with_suffix(".mo")))) == said(polib.pofile(str(path)))


def test_one_sentence_has_one_translation_in_all_rooms() -> None:
    known: dict[tuple[str, str], tuple[str, str]] = {}
    twice = []
    for path in CATALOGS:
        for entry in polib.pofile(str(path)):
            key, said = (entry.msgctxt or "", entry.msgid), entry.msgstr or entry.msgstr_plural.get(0, "")
            before = known.setdefault(key, (path.parts[-5], said))
            if before[1] != said:
                twice.append(f"{entry.msgid!r}: {before[0]} {before[1]!r}, {path.parts[-5]} {said!r}")
    assert twice == []


#: Sentences about participants of basic insurance that do not say so themselves, with the room that does, by its title.
OF_BASIC_INSURANCE = {
    "claims": {"参保地"},
    "programs": {"须在生效的参保名单中"},
}


def test_whoever_is_insured_by_us_is_not_called_a_participant_of_basic_insurance() -> None:
    """参保 is for the list of the medical insurance bureau, which the room `takeup` keeps; our own cover is 投保 and 承保."""
    wrong = [
        f"{path.parts[-5]}: {said}"
        for path in CATALOGS if path.parts[-5] != "takeup"
        for entry in polib.pofile(str(path)) for said in (entry.msgstr, *entry.msgstr_plural.values())
        if "参保" in said and "医保" not in said and said not in OF_BASIC_INSURANCE.get(path.parts[-5], ())
    ]
    assert wrong == []
    assert [label for label in FIELDS.values() if "参保" in label[0]] == []
