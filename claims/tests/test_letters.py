"""Letters of claims: what each says in each style, to whom, as which file; printed, recorded, made again; wordings as rows."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Person
from claims import actions
from claims.actions import Refusal
from claims.letter_errors import LetterRefused
from claims.letters import content_of, occasion_of, text_of
from claims.models import Claim
from claims.models.letter import Addressee, Letter, LetterFormat, LetterKind, LetterStyle, LetterWording
from claims.rules.letter_text import TEXTS, LetterText
from claims.testing import Ward, make_ward
from papers.actions import write_wording

pytestmark = pytest.mark.django_db


def make_writing_ward() -> Ward:
    ward = make_ward()
    write_wording(ward.cover.program, how_to_claim="拨打电话", phone="0762-3380000", by=ward.market.world.reviewer, at=ward.at)
    return ward


_django_db_helper, one_world, kept_world = shared(make_writing_ward)


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


@pytest.fixture(autouse=True)
def _chinese(settings: Any) -> Any:
    settings.SECOND_FACTOR_REQUIRED = False
    with override("zh-hans"):
        yield


def printing(ward: Ward, claim: Claim, **changes: Any) -> Any:
    return actions.print_letter(claim, **{
        "kind": LetterKind.PAYMENT, "style": LetterStyle.FORMAL, "addressee": Addressee.PERSON, "file_format": LetterFormat.PDF,
        "purpose": "寄送本人", "by": ward.clerk, "at": ward.at, **changes,
    })


def text(ward: Ward, claim: Claim, kind: LetterKind, style: LetterStyle = LetterStyle.FORMAL) -> LetterText:
    claim = Claim.objects.get(pk=claim.pk)
    return text_of(
        claim, occasion_of(claim, kind), style=style, addressee=Addressee.PERSON, wording=None, on=ward.today
    )


def refused(code: str, **words: Any) -> Any:
    return pytest.raises(LetterRefused, **words)


def test_a_payment_is_told_formally_with_its_parts_and_plainly_with_its_steps(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim)
    name = claim.enrollment.person.name.reveal()
    formal = text(ward, claim, LetterKind.PAYMENT)
    said = "\n".join(formal.paragraphs)
    assert (formal.title, formal.number) == ("理赔核定通知书", claim.number)
    amount = "赔付金额为人民币31,500.00元（大写：叁万壹仟伍佰元整）"
    for words in (f"{name}：", amount, "第二十三条", "致电0762-3380000查询", claim.number):
        assert words in said, words
    assert [(part.counted, part.deducted, part.amount) for part in formal.parts if part.amount != "0.00"] == [
        ("60,000.00", "15,000.00", "31,500.00")
    ]
    assert formal.steps == () and formal.signed[0] == claim.organization.name
    plain = text(ward, claim, LetterKind.PAYMENT, LetterStyle.PLAIN)
    assert "可以赔付31,500.00元" in "\n".join(plain.paragraphs)
    assert plain.parts == ()
    assert plain.steps[0] == "1张票据，费用合计60,000.00元。"
    assert any("免赔额15,000.00元" in step for step in plain.steps)


def test_a_refusal_says_its_reason_and_its_code_in_words(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim, refusal=Refusal("PRE_EXISTING", "2024年病历记载同一疾病"))
    for style in LetterStyle:
        letter = text(ward, claim, LetterKind.REFUSAL, style)
        assert "既往症（2024年病历记载同一疾病）" in "\n".join(letter.paragraphs)
        assert letter.parts == letter.steps == ()
    with refused("NOTHING_TO_TELL"):
        printing(ward, claim)


def test_nothing_to_pay_says_why(ward: Ward) -> None:
    claim = ward.claim(("out_of_catalogue", "12000.00"))
    ward.decide(claim)
    letter = text(ward, claim, LetterKind.ZERO, LetterStyle.PLAIN)
    assert "原因是：未达免赔额" in "\n".join(letter.paragraphs)
    assert letter.steps != ()


def test_missing_papers_are_asked_for_all_at_once(ward: Ward) -> None:
    claim = ward.claim()
    actions.ask_papers(claim, ["invoice", "record"], words="发票需要原件", by=ward.clerk, at=ward.at)
    said = "\n".join(text(ward, claim, LetterKind.PAPERS).paragraphs)
    assert "现一次性告知需补充的材料：发票、病历或出院小结。发票需要原件。" in said
    with refused("NOTHING_TO_TELL"):
        printing(ward, claim)
    printed = printing(ward, claim, kind=LetterKind.PAPERS).letter
    assert printed.decision is None and printed.paper_request == claim.paper_requests.get()


def test_a_letter_goes_to_the_guardian_of_a_minor(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim)
    with pytest.raises(LetterRefused) as nobody:
        printing(ward, claim, addressee=Addressee.GUARDIAN)
    assert nobody.value.code == "NO_GUARDIAN"
    Person.objects.filter(pk=claim.enrollment.person_id).update(birth_on=ward.today - timedelta(days=365 * 9))
    with pytest.raises(LetterRefused) as minor:
        printing(ward, Claim.objects.get(pk=claim.pk))
    assert minor.value.code == "MINOR"
    assert Letter.objects.count() == 0


def test_each_printing_is_a_row_and_an_event_and_can_be_made_again(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim)
    for file_format, begins in ((LetterFormat.PDF, b"%PDF"), (LetterFormat.DOCX, b"PK")):
        handed = printing(ward, claim, file_format=file_format)
        letter = Letter.objects.get(pk=handed.letter.pk)
        assert handed.content.startswith(begins)
        assert (letter.sha256, letter.size) == (hashlib.sha256(handed.content).hexdigest(), len(handed.content))
        assert content_of(letter) == handed.content
    event = Event.objects.filter(verb="letter.printed").latest("pk")
    assert event.data == {
        "kind": "payment", "style": "formal", "addressee": "person", "format": "docx", "checksum": letter.sha256[:12],
        "purpose": "寄送本人",
    }
    assert claim.enrollment.person.name.reveal() not in str(event.data)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Letter.objects.update(purpose="改")


def test_who_may_not_print_leaves_nothing_behind(ward: Ward, settings: Any) -> None:
    claim = ward.claim()
    ward.decide(claim)
    stranger = make_user("stranger", organization=make_organization("他局", region="441702"), role=Role.CLERK)
    for by in (stranger, ward.third):
        with pytest.raises(LetterRefused) as beyond:
            printing(ward, claim, by=by)
        assert beyond.value.code == "OUT_OF_SCOPE"
    with pytest.raises(LetterRefused) as purpose:
        printing(ward, claim, purpose="寄")
    assert purpose.value.code == "PURPOSE"
    settings.PRINTS_PER_DAY = 1
    printing(ward, claim)
    with pytest.raises(LetterRefused) as cap:
        printing(ward, claim)
    assert cap.value.code == "DAY_CAP"
    assert (Letter.objects.count(), Event.objects.filter(verb="letter.printed").count()) == (1, 1)


def test_a_programs_own_words_stand_in_place_of_the_portals(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim)
    given: dict[str, Any] = {
        "kind": LetterKind.PAYMENT, "style": LetterStyle.PLAIN, "phone": "12345", "by": ward.reviewer, "at": ward.at,
    }
    for wrong, code in (("{赔案号}赔{金额}元，{红包}", "UNKNOWN_PLACES"), ("{赔案号}", "MISSING_PLACES"), (" ", "WORDING")):
        with pytest.raises(LetterRefused) as bad:
            actions.write_letter_wording(claim.program, text=wrong, **given)
        assert bad.value.code == code
    with pytest.raises(LetterRefused) as beyond:
        actions.write_letter_wording(claim.program, text="{赔案号}{金额}", **{**given, "by": ward.clerk})
    assert beyond.value.code == "OUT_OF_SCOPE"
    before = printing(ward, claim, style=LetterStyle.PLAIN, file_format=LetterFormat.DOCX)
    wording = actions.write_letter_wording(claim.program, text="{收件人}：{赔案号}赔付{金额}元，电话{咨询电话}。", **given)
    after = printing(ward, claim, style=LetterStyle.PLAIN, file_format=LetterFormat.DOCX)
    assert (before.letter.wording, after.letter.wording) == (None, wording)
    assert content_of(before.letter) == before.content
    with zipfile.ZipFile(io.BytesIO(after.content)) as archive:
        said = archive.read("word/document.xml").decode()
    assert f"{claim.number}赔付31,500.00元，电话12345。" in said


def test_a_letter_is_printed_from_its_page(ward: Ward) -> None:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(ward.reviewer, backend="accounts.backends.RoleBackend")
    claim = ward.claim()
    page = reverse("admin:claims_claim_print_letter", args=[claim.pk])
    assert "没有生效的决定" in client.get(page).content.decode()
    ward.decide(claim)
    given = {"kind": "payment", "style": "plain", "addressee": "person", "file_format": "pdf", "purpose": "本人到窗口领取"}
    answer = client.post(page, given)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf") and "no-store" in answer["Cache-Control"]
    letter = Letter.objects.get()
    assert answer["Content-Disposition"] == f"attachment; filename*=UTF-8''{claim.number}-{letter.pk}.pdf"
    shown = client.get(reverse("admin:claims_claim_change", args=[claim.pk])).content.decode()
    assert "本人到窗口领取" in shown
    write = reverse("admin:claims_letterwording_write")
    assert TEXTS["papers", "plain"].splitlines()[0] in client.get(f"{write}?kind=papers&style=plain").content.decode()
    posted = client.post(write, {
        "program": claim.program_id, "kind": "papers", "style": "plain", "phone": "12345", "text": "{赔案号}还差{缺少材料}。",
    })
    assert posted.status_code == 302 and LetterWording.objects.count() == 1
