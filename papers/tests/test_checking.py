"""The public check: valid or not on a day, and the program; the same answer for unknown and wrong; nothing of a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit import keys
from audit.models.keys import DataKey
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from papers import codes, views
from papers.testing import covers, make_covered

pytestmark = pytest.mark.django_db
ADDRESS = "/c/"


def made() -> World:
    return make_covered(2)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def nobody_asked_yet() -> None:
    cache.clear()


def code_of(cover: Enrollment) -> str:
    return codes.coder(cover.program.code, codes.year_of(cover))(cover.number, cover.starts_at)


def first_day(cover: Enrollment) -> Any:
    return timezone.localdate(cover.starts_at)


def asked(number: str, code: str, **more: Any) -> Any:
    return Client().post(ADDRESS, {"number": number, "code": code, **more})


def said(page: Any) -> tuple[bool, bool | None]:
    """Whether there is such a certificate, and whether it is valid."""
    answer = page.context["answer"]
    return answer is not None, None if answer is None else answer.valid


def test_a_cover_is_valid_from_its_first_day_to_its_last_and_not_beside_them(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    first, last = first_day(cover), timezone.localdate(cover.ends_at) - timedelta(days=1)
    for day, valid in (
        (first - timedelta(days=1), False), (first, True), (last, True), (last + timedelta(days=1), False),
    ):
        answer = codes.check(cover.number, code_of(cover), day=day)
        assert answer == codes.Answer(kept_world.program.name, valid, day)


@pytest.mark.parametrize(
    ("state", "ended", "valid"),
    [("ended", 10, True), ("ended", 0, False), ("voided", None, False), ("lapsed", None, False), ("awaiting", None, False)],
)
def test_a_cover_that_ended_is_valid_until_then_and_one_that_was_undone_never(
    kept_world: World, state: str, ended: int | None, valid: bool
) -> None:
    cover = covers(kept_world)[0]
    code, day = code_of(cover), first_day(cover) + timedelta(days=5)
    changes = {} if ended is None else {"ends_at": cover.starts_at + timedelta(days=ended)}
    Enrollment.objects.filter(pk=cover.pk).update(state=state, **changes)
    answer = codes.check(cover.number, code, day=day)
    assert answer is not None and answer.valid is valid
    if ended:
        assert codes.check(cover.number, code, day=day + timedelta(days=10)).valid is False  # type: ignore[union-attr]


def test_a_code_is_read_as_people_write_it(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    code = codes.grouped(code_of(cover))
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "O").replace("1", "l")):
        assert said(asked(f" {cover.number.lower()} ", typed, day=first_day(cover).isoformat())) == (True, True), typed


def test_unknown_and_wrong_get_one_and_the_same_answer(kept_world: World) -> None:
    cover, other = covers(kept_world)
    right = code_of(cover)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    unknown = cover.number[:-12] + f"{99_999_999:010d}{98 - (99_999_999 * 100) % 97:02d}"
    pages = [
        asked(number, code).content.decode()
        for number, code in (
            (cover.number, wrong), (unknown, right), (other.number, right), (cover.number[:-1], right), ("x", "y"),
            (cover.number.replace("HY", "YJ"), right), ("HY-2027-" + "9" * 50, right), (cover.number, ""[:0] or "-"),
            ("HY-2027-０００００００００１９８", right), ("\x00", right),
        )
    ]
    bodies = {page.split('class="pp-check', 1)[-1].split("</div>", 1)[0] for page in pages[:-1]}
    assert len(bodies) == 1 and "没有与该凭证号和校验码相符的凭证" in bodies.pop()
    assert kept_world.program.name not in "".join(pages)


def test_the_page_tells_the_program_and_nothing_of_the_person_or_the_office(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    page = asked(cover.number, code_of(cover), day=first_day(cover).isoformat())
    # The number asked for stands in its field, and holds any four digits in time.
    text = page.content.decode().replace(cover.number, "")
    assert "有效" in text and kept_world.program.name in text
    for secret in (
        cover.person.name.reveal(), str(cover.person.name), cover.person.document.reveal()[-4:], cover.organization.name, "源城区",
        "0.01", "低保",
    ):
        assert secret not in text, secret
    assert page["Cache-Control"].startswith("max-age=0") and "no-store" in page["Cache-Control"]
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert "style-src 'self'" in page["Content-Security-Policy"]


def test_the_square_code_opens_the_answer_and_reading_it_writes_nothing(
    kept_world: World, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.PUBLIC_URL = "https://portal.example.org"
    cover = covers(kept_world)[0]
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=timezone.now() - timedelta(days=1))
    cover.refresh_from_db()
    link = codes.link_of(cover.number, code_of(cover))
    assert link == f"HTTPS://PORTAL.EXAMPLE.ORG/C/{cover.number}/{code_of(cover)}"
    with django_assert_num_queries(2):
        page = Client().get(link.removeprefix("HTTPS://PORTAL.EXAMPLE.ORG"))
    assert said(page) == (True, True)
    with django_assert_num_queries(2):
        unknown = Client().get("/C/HY-2027-000000000000/ABCD")
    assert said(unknown) == (False, None)


def test_an_address_that_asks_too_often_waits_and_another_does_not(kept_world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "LIMIT", 2)
    cover = covers(kept_world)[0]
    given = {"number": cover.number, "code": code_of(cover), "day": first_day(cover).isoformat()}
    statuses = [Client(REMOTE_ADDR="10.0.0.1").post(ADDRESS, given).status_code for _time in range(3)]
    assert statuses == [200, 200, 429]
    refused = Client(REMOTE_ADDR="10.0.0.1").post(ADDRESS, given)
    assert "answer" not in refused.context and kept_world.program.name not in refused.content.decode()
    assert said(Client(REMOTE_ADDR="10.0.0.2").post(ADDRESS, given)) == (True, True)


def test_behind_a_proxy_each_browser_waits_for_itself(kept_world: World, monkeypatch: Any, settings: Any) -> None:
    monkeypatch.setattr(views, "LIMIT", 1)
    settings.PROXIES = 1
    seen = ["203.0.113.5", "198.51.100.9, 203.0.113.5", "203.0.113.6"]
    given = {"number": covers(kept_world)[0].number, "code": "ABCD", "day": first_day(covers(kept_world)[0]).isoformat()}
    proxied = [Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": address}).post(ADDRESS, given) for address in seen]
    assert [answer.status_code for answer in proxied] == [200, 429, 200]


def test_a_day_too_far_away_is_refused_in_words_and_nothing_is_asked(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    page = asked(cover.number, code_of(cover), day="1999-01-01")
    assert page.context["form"].errors == {"day": ["日期超出可查验范围。"]} and "answer" not in page.context


def test_the_page_speaks_english_to_whoever_asks_in_english(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    page = Client(headers={"accept-language": "en"}).post(
        reverse("papers:check"), {"number": cover.number, "code": code_of(cover), "day": first_day(cover).isoformat()}
    )
    assert f"On {first_day(cover)} this cover of {kept_world.program.name} is in force." in page.content.decode()


def test_a_new_key_leaves_printed_codes_valid_until_the_old_one_is_destroyed(kept_world: World) -> None:
    cover = covers(kept_world)[0]
    code, day = code_of(cover), first_day(cover)
    old = DataKey.objects.get(purpose=codes.PURPOSE)
    keys.retire_key(old, at=timezone.now())
    assert code_of(cover) != code
    for each in (code, code_of(cover)):
        assert codes.check(cover.number, each, day=day) is not None
    keys.destroy_key(old, at=timezone.now() + timedelta(minutes=1))
    assert codes.check(cover.number, code, day=day) is None
    assert codes.check(cover.number, code_of(cover), day=day) is not None
