"""Hand-overs: whom they name, by whom they leave, what the file says to the letter, and that it is gone in time."""

from __future__ import annotations

import hashlib
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_undo, request_undo, restrict_person
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from handover import actions, writing
from handover.choosing import outlook
from handover.errors import HandOverRefused
from handover.models import HandOver, HandOverLine, HandOverPart, InsurerFormat, Kind
from handover.statement import statement_of
from handover.testing import PASSWORD, TERMS, drafted, format_in_use, numbers_of, opened, proposed, received, released
from intake import storage
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, Roster]:
    """Five people who wait for the insurer, and a format in use."""
    world = make_world(**TERMS)
    roster = applied(world, people(5))
    format_in_use(world)
    return world, roster


_django_db_helper, one_world, kept_world = shared(made)


def code_of(refused: Any) -> str:
    return str(refused.value.code)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def file_of(hand_over: HandOver) -> bytes:
    return b"".join(writing.content_of(hand_over))


def test_a_release_fixes_the_list_and_another_person_does_it(kept_world: Any) -> None:
    world, roster = kept_world
    draft = proposed(world)
    assert (draft.state, draft.people, draft.premium, draft.lines.count()) == ("proposed", 5, D("495.00"), 0)
    with pytest.raises(HandOverRefused) as refused:
        actions.release_handover(draft, shown=5, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "ANOTHER_RELEASES"
    with pytest.raises(HandOverRefused) as refused:
        actions.release_handover(draft, shown=4, by=world.reviewer, at=timezone.now())
    assert (code_of(refused), refused.value.facts) == ("CHANGED", {"people": 5})
    assert not HandOverLine.objects.exists()
    hand_over = actions.release_handover(draft, shown=5, by=world.reviewer, at=timezone.now())
    assert (hand_over.state, hand_over.people, hand_over.premium, len(hand_over.digest)) == ("released", 5, D("495.00"), 64)
    lines = hand_over.lines.order_by("number")
    assert list(lines.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert set(lines.values_list("direction", "premium", "answer", "stands")) == {("entry", D("99.00"), "", True)}
    assert {line.enrollment_id for line in lines} == set(roster.enrollments.values_list("pk", flat=True))
    event = Event.objects.get(verb="hand_over.released")
    assert (event.actor_id, event.data["people"], event.data["premium"], event.data["purpose"], event.data["recipient"]) == (
        world.reviewer.pk, 5, "495.00", "承保出单", "示例财产保险承保部 经办",
    )
    assert event.data["columns"][:4] == ["被保险人编号", "序号", "姓名", "证件类型"]
    # Nobody waits to be told a second time.
    for kind, code in ((Kind.INITIAL, "FIRST_LIST_DONE"), (Kind.ADDITIONS, "NOBODY"), (Kind.REMOVALS, "NOBODY")):
        with pytest.raises(HandOverRefused) as refused:
            proposed(world, kind=kind)
        assert code_of(refused) == code
    assert broken() == []


def test_the_workbook_says_what_the_insurer_asked_for_to_the_letter(kept_world: Any) -> None:
    world, _roster = kept_world
    hand_over = released(world)
    content = file_of(hand_over)
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (hand_over.sha256, hand_over.size)
    table = pl.read_excel(io.BytesIO(content), infer_schema_length=0)
    assert table.columns == [
        "被保险人编号", "序号", "姓名", "证件类型", "证件号码", "性别", "出生日期", "保费", "保险起期", "保险止期", "币种",
    ]
    assert len(table) == 5
    period = world.period
    ends = period.ends_on - timedelta(days=1)
    for row, number in zip(table.iter_rows(), numbers_of(hand_over), strict=True):
        cover = Enrollment.objects.get(pk=int(number[-12:-2]))
        person = cover.person
        assert row == (
            number, row[1], person.name.reveal(), "01", person.document.reveal(), {"male": "M", "female": "F"}[person.sex],
            f"{person.birth_on:%Y%m%d}", row[7], f"{period.starts_on:%Y%m%d}", f"{ends:%Y%m%d}", "CNY",
        )
        assert D(row[7]) == D("99.00")
    assert table["序号"].to_list() == ["1", "2", "3", "4", "5"]


def test_a_csv_in_gb18030_is_written_in_parts_and_read_as_one(kept_world: Any, monkeypatch: Any) -> None:
    world, _roster = kept_world
    monkeypatch.setattr(writing, "STEP_LINES", 2)
    kept = format_in_use(
        world, name="文本", written="编号 = 保障凭证号\n姓名 = 被保险人姓名\n性别 = 性别\n备注 := =1+1", file_kind="csv",
        encoding="gb18030", codes={}, dates="%Y/%m/%d",
    )
    hand_over = released(world, format=kept)
    assert list(hand_over.parts.order_by("number").values_list("number", "rows", "last_line")) == [(1, 2, 2), (2, 2, 4), (3, 1, 5)]
    lines = file_of(hand_over).decode("gb18030").split("\r\n")
    assert lines[0] == "编号,姓名,性别,备注"
    first = Enrollment.objects.get(pk=int(numbers_of(hand_over)[0][-12:-2])).person
    sex = {"male": "男", "female": "女"}[first.sex]
    assert lines[1] == f"{numbers_of(hand_over)[0]},{first.name.reveal()},{sex},'=1+1"
    assert (len(lines), lines[6]) == (7, "")


def test_a_workbook_in_parts_is_the_same_workbook(kept_world: Any, monkeypatch: Any) -> None:
    world, _roster = kept_world
    whole = released(world)
    actions.withdraw_handover(whole, reason="收件人写错", by=world.reviewer, at=timezone.now())
    monkeypatch.setattr(writing, "STEP_LINES", 2)
    parts = released(world)
    assert parts.parts.count() == 3
    read = [pl.read_excel(io.BytesIO(file_of(each)), infer_schema_length=0) for each in (whole, parts)]
    assert read[0].equals(read[1])


def test_only_what_the_columns_name_is_opened_from_its_seal(kept_world: Any, monkeypatch: Any) -> None:
    world, _roster = kept_world
    opened: list[str] = []
    real = writing.keys.open_many
    monkeypatch.setattr(writing.keys, "open_many", lambda tokens, name: opened.append(name) or real(tokens, name))
    released(world, format=format_in_use(world, name="无姓名", written="编号 = 保障凭证号\n证件 = 被保险人证件号码"))
    assert opened == ["person.document"]


def test_nobody_of_another_office_and_no_roster_that_is_being_undone_is_handed_over(kept_world: Any) -> None:
    world, roster = kept_world
    with pytest.raises(HandOverRefused) as refused:
        proposed(world, organization=world.sibling)
    assert code_of(refused) == "OUT_OF_SCOPE"
    draft = proposed(world)
    second = applied(world, people(2, first=10))
    assert outlook(draft)[0] == 7
    approve_undo(
        request_undo(roster, reason="名单发错了镇街", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now()
    )
    # Asked for by a second person: its people are on their way out, though still there.
    assert set(roster.enrollments.values_list("state", flat=True)) == {"awaiting"}
    hand_over = actions.release_handover(draft, shown=2, by=world.reviewer, at=timezone.now())
    assert {line.enrollment.roster_id for line in hand_over.lines.all()} == {second.pk}


def test_whoever_asked_that_their_data_is_only_kept_is_told_to_no_insurer(kept_world: Any) -> None:
    world, roster = kept_world
    kept, other = roster.enrollments.select_related("person").order_by("pk")[:2]
    restrict_person(kept.person, organization=world.office, by=world.reviewer, at=timezone.now())
    draft = proposed(world)
    assert outlook(draft)[0] == 4
    hand_over = actions.release_handover(draft, shown=4, by=world.reviewer, at=timezone.now())
    told = set(hand_over.lines.values_list("enrollment", flat=True))
    assert kept.pk not in told and other.pk in told


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "  "}, "PURPOSE"), ({"recipient": ""}, "RECIPIENT"), ({"kept_days": 31}, "DAYS"), ({"kept_days": 0}, "DAYS"),
        ({"month": date(2027, 1, 1)}, "MONTH"), ({"kind": Kind.ADDITIONS, "month": None}, "MONTH"),
        ({"kind": Kind.ADDITIONS}, "FIRST_LIST_FIRST"), ({"kind": Kind.REMOVALS}, "FIRST_LIST_FIRST"),
        ({"purpose": "核对441602196203151219"}, "PERSONAL_DATA"),
    ],
)
def test_what_does_not_fit_is_refused_whole(kept_world: Any, changes: Any, code: str) -> None:
    world, _roster = kept_world
    with pytest.raises(Exception) as refused:
        proposed(world, **changes)
    assert code_of(refused) == code
    assert not HandOver.objects.exists()


def test_a_format_of_another_insurer_or_out_of_use_is_refused(kept_world: Any) -> None:
    world, _roster = kept_world
    with pytest.raises(HandOverRefused) as refused:
        proposed(world, format=drafted(world, name="草稿"))
    assert code_of(refused) == "FORMAT_NOT_IN_USE"
    kept = format_in_use(world, name="他人")
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"), **TERMS)
    with pytest.raises(HandOverRefused) as refused:
        proposed(foreign, format=kept)
    assert code_of(refused) == "FORMAT_OF_OTHERS"


def test_a_withdrawn_hand_over_frees_its_people_and_its_file_goes(kept_world: Any) -> None:
    world, _roster = kept_world
    hand_over = released(world)
    actions.withdraw_handover(hand_over, reason="收件人写错", by=world.reviewer, at=timezone.now())
    hand_over.refresh_from_db()
    assert (hand_over.state, hand_over.lines.filter(stands=True).count()) == ("withdrawn", 0)
    with pytest.raises(HandOverRefused) as refused:
        actions.open_handover(hand_over, password=PASSWORD, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "STATE"
    assert actions.purge_handovers(at=timezone.now()) == 1
    assert storage.keys_within(hand_over.folder) == []
    assert released(world).people == 5
    assert broken() == []


def test_each_download_leaves_its_event_and_the_file_is_gone_when_its_time_is_over(kept_world: Any) -> None:
    world, _roster = kept_world
    draft = proposed(world, kept_days=3)
    hand_over = actions.release_handover(draft, shown=5, by=world.reviewer, at=timezone.now())
    with pytest.raises(HandOverRefused) as refused:
        actions.open_handover(hand_over, password=PASSWORD, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "FILE_NOT_READY"
    drain()
    hand_over.refresh_from_db()
    content = b"".join(actions.open_handover(hand_over, password=PASSWORD, by=world.clerk, at=timezone.now()))
    name, plain = opened(content)
    assert (name, hashlib.sha256(plain).hexdigest()) == (actions.file_name(hand_over), hand_over.sha256)
    list(actions.open_handover(hand_over, password=PASSWORD, by=world.reviewer, at=timezone.now()))
    for weak in ("", "Short-1", "有中文的密码不能到处输入", "a" * 65, "with a blank in it"):
        with pytest.raises(HandOverRefused) as refused:
            actions.open_handover(hand_over, password=weak, by=world.clerk, at=timezone.now())
        assert code_of(refused) == "PASSWORD"
    told = Event.objects.filter(verb="hand_over.downloaded").order_by("pk")
    assert not any(PASSWORD in str(event.data) for event in told)
    assert [(event.actor_id, event.data["people"]) for event in told] == [(world.clerk.pk, 5), (world.reviewer.pk, 5)]
    over = timezone.now() + timedelta(days=3)
    assert actions.purge_handovers(at=over - timedelta(days=1)) == 0
    with pytest.raises(HandOverRefused) as refused:
        actions.open_handover(hand_over, password=PASSWORD, by=world.clerk, at=over)
    assert code_of(refused) == "FILE_GONE"
    assert len(storage.keys_within(hand_over.folder)) == 1
    assert (actions.purge_handovers(at=over), actions.purge_handovers(at=over)) == (1, 0)
    assert (storage.keys_within(hand_over.folder), HandOverPart.objects.count()) == ([], 0)
    assert HandOver.objects.get(pk=hand_over.pk).purged_at == over
    assert broken() == []


def test_what_is_kept_of_the_file_is_sealed(kept_world: Any) -> None:
    world, roster = kept_world
    hand_over = released(world, format=format_in_use(world, name="文本", file_kind="csv"))
    document = roster.enrollments.earliest("pk").person.document.reveal().encode()
    assert document in file_of(hand_over)
    for key in storage.keys_within(hand_over.folder):
        with storage.default_storage.open(key, "rb") as kept:
            assert document not in kept.read()


def test_the_statement_adds_up_to_the_fen_by_county_category_and_payer(kept_world: Any) -> None:
    world, _roster = kept_world
    hand_over = released(world)
    found = statement_of(hand_over)
    assert (found.total.people, found.total.premium, found.total.open, found.total.open_premium) == (5, D("495.00"), 5, D("495.00"))
    assert [(line.label, line.sums.people, line.sums.premium) for line in found.payers] == [
        ("个人自缴", 5, D("0.05")),
        (world.foundation.name, 5, 5 * D("68.99")), (world.county.name, 5, 5 * D("30.00")),
    ]
    for part in (found.counties, found.categories, found.payers):
        assert sum((line.sums.premium for line in part), D(0)) == D("495.00")


def test_lines_are_never_changed_nor_deleted_and_a_format_in_use_stands(kept_world: Any) -> None:
    world, _roster = kept_world
    hand_over = released(world)
    line = hand_over.lines.earliest("pk")
    kept = InsurerFormat.objects.get()
    for change in (
        lambda: HandOverLine.objects.filter(pk=line.pk).update(premium=D("1.00")),
        lambda: HandOverLine.objects.filter(pk=line.pk).delete(),
        lambda: HandOver.objects.filter(pk=hand_over.pk).delete(),
        lambda: InsurerFormat.objects.filter(pk=kept.pk).update(columns={}),
        lambda: InsurerFormat.objects.filter(pk=kept.pk).update(state="draft", name="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOverLine.objects.create(
            hand_over=hand_over, enrollment_id=line.enrollment_id, number=9, direction="entry", region_code="441602", premium=1
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOver.objects.filter(pk=hand_over.pk).update(released_by=world.clerk)


def test_a_hand_over_that_is_being_answered_is_not_withdrawn(kept_world: Any) -> None:
    world, _roster = kept_world
    hand_over = released(world)
    received(world, hand_over, [(numbers_of(hand_over)[0], "Y", "PA1", "")])
    with pytest.raises(HandOverRefused) as refused:
        actions.withdraw_handover(hand_over, reason="不对", by=world.reviewer, at=timezone.now())
    assert code_of(refused) == "RECEIPT_UNDER_WAY"


def test_where_the_plan_asks_no_acceptance_cover_in_force_is_handed_over(kept_world: Any) -> None:
    world = make_world(code="YJ", regions=("4417", "441702", "441702"), requires_insurer_acceptance=False)
    applied(world, people(2, county="441702"))
    format_in_use(world)
    hand_over = released(world)
    assert (hand_over.people, set(hand_over.lines.values_list("enrollment__state", flat=True))) == (2, {"in_force"})
