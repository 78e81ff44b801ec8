"""What a plan pays: stated while it is a draft, by files and forms, one after the other; kept with the version for good."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, make_world
from benefits import editing, plan_file
from benefits.terms import PlanTerms, Price
from programs.actions import clear_benefits, copy_plan, put_in_force, set_benefits, submit_plan
from programs.actions.plans import approve_plan
from programs.benefit_terms import benefit_terms, disagreements
from programs.curves import kinds_of, picture
from programs.errors import ProgramRefused
from programs.models import Plan, PlanBenefits
from programs.reference import make_student_category
from programs.testing import make_period

pytestmark = pytest.mark.django_db
FIXTURES = Path(settings.BASE_DIR) / "fixtures" / "plans"

_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


@pytest.fixture
def draft(world: World) -> Plan:
    """A new version of the world's plan, still to be changed, where files may price students."""
    make_student_category(at=world.at)
    return copy_plan(world.plan, by=world.finance_maker, at=world.at)


def terms(code: str) -> PlanTerms:
    return plan_file.load_path(FIXTURES / f"{code}.yaml")


def kept(code: str, plan: Plan) -> PlanTerms:
    """The terms of a file as a plan states them: where the file names no price, the plan's premium is everybody's."""
    found = terms(code)
    return found if found.prices else replace(found, prices=(Price(Plan.objects.get(pk=plan.pk).premium),))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(client: Client, plan: Plan, name: str, query: str = "") -> Any:
    return client.get(address(plan, name) + query)


def address(plan: Plan, name: str) -> str:
    return reverse(f"admin:programs_plan_{name}", args=[plan.pk])


def form_of(answer: Any) -> dict[str, list[str]]:
    """What a page's form would send as it stands."""
    context = answer.context["editor" if "editor" in answer.context else "trial"]
    given = {
        node.place: list(node.value) if isinstance(node.value, tuple) else [node.value]
        for node in context.node.walk() if node.is_input and node.value
    }
    return {**given, **({"_base": [context.base]} if hasattr(context, "base") else {})}


# --- stating


def test_what_is_stated_comes_back_to_the_letter_and_is_told(world: World, draft: Plan) -> None:
    kept = set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    assert benefit_terms(draft) == terms("weifang")
    event = Event.objects.filter(verb="plan.benefits_set").latest("pk")
    assert event.data == {"version": draft.number, "number": 3, "digest": kept.digest[:12]}


def test_a_new_version_begins_with_the_benefits_of_the_one_it_was_made_from(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("hangzhou-2022"), by=world.finance_maker, at=world.at)
    again = copy_plan(draft, by=world.finance_maker, at=world.at)
    assert benefit_terms(again) == terms("hangzhou-2022")
    clear_benefits(again, by=world.finance_maker, at=world.at)
    assert benefit_terms(draft) == terms("hangzhou-2022") and benefit_terms(again) is None


def test_of_two_who_change_the_same_the_second_is_told_and_nothing_is_lost(world: World, draft: Plan) -> None:
    read = set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at).digest
    set_benefits(draft, terms("yantai"), base=read, by=world.finance_maker, at=world.at)
    with pytest.raises(ProgramRefused) as refused:
        set_benefits(draft, terms("mianyang"), base=read, by=world.finance_maker, at=world.at)
    assert refused.value.code == "BENEFITS_CHANGED"
    assert benefit_terms(draft) == kept("yantai", draft)


def test_a_double_click_saves_once_and_accuses_nobody(world: World, draft: Plan) -> None:
    read = set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at).digest
    events = Event.objects.count()
    for _click in range(2):
        set_benefits(draft, terms("yantai"), base=read, by=world.finance_maker, at=world.at)
    assert benefit_terms(draft) == kept("yantai", draft) and Event.objects.count() == events + 1


def test_benefits_of_a_submitted_plan_are_changed_by_nobody_not_in_the_database_either(world: World, draft: Plan) -> None:
    held = set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    submit_plan(draft, by=world.finance_maker, at=world.at)
    with pytest.raises(ProgramRefused) as refused:
        set_benefits(draft, terms("yantai"), base=held.digest, by=world.finance_maker, at=world.at)
    assert refused.value.code == "STATE"
    for statement in ("UPDATE programs_planbenefits SET content = content || ' '", "DELETE FROM programs_planbenefits"):
        with pytest.raises(IntegrityError, match="while it is a draft only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE plan_id = %s", [draft.pk])


def test_nothing_can_be_cleared_where_nothing_is_stated(world: World, draft: Plan) -> None:
    with pytest.raises(ProgramRefused) as refused:
        clear_benefits(draft, by=world.finance_maker, at=world.at)
    assert refused.value.code == "NO_BENEFITS"


def test_what_the_plan_and_its_benefits_say_differently_is_named(world: World, draft: Plan) -> None:
    Plan.objects.filter(pk=draft.pk).update(premium=Decimal("99.00"), cover_limit=Decimal("400000.00"))
    draft.refresh_from_db()
    found = disagreements(draft, terms("day-cover-example"))
    assert len(found) == 2 and any("500,000.00" in each for each in found)


# --- pages


@pytest.mark.parametrize("code", sorted(path.stem for path in FIXTURES.glob("*.yaml")))
def test_each_real_plan_is_read_as_tables_and_every_part_of_it_goes_through_its_form_unchanged(
    world: World, draft: Plan, code: str
) -> None:
    client = signed_in(world.finance_maker)
    sent = client.post(
        address(draft, "load_benefits"), {"file": SimpleUploadedFile("plan.yaml", (FIXTURES / f"{code}.yaml").read_bytes())}
    )
    assert sent.status_code == 302
    draft.refresh_from_db()
    assert benefit_terms(draft) == kept(code, draft)
    shown = client.get(reverse("admin:programs_plan_change", args=[draft.pk])).content.decode()
    assert all(part.name.zh in shown for part in terms(code).responsibilities)
    for part in ("", *(str(position) for position in range(len(terms(code).responsibilities)))):
        query = f"?part={part}" if part else ""
        answer = client.post(address(draft, "edit_benefits") + query, form_of(page(client, draft, "edit_benefits", query)))
        assert answer.status_code == 302, [problem.say() for problem in answer.context["editor"].problems]
        assert benefit_terms(draft) == kept(code, draft)


def test_the_page_tells_where_figures_come_from_and_what_is_decided_though_it_is_not_known(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    shown = page(signed_in(world.finance_checker), draft, "change").content.decode()
    assert "<summary>数据出处</summary>" in shown
    assert "<dt>公开资料（保障责任）</dt><dd>免赔额、分段与赔付比例。（出处：《领域资料》第4节算例，" in shown
    assert "查阅日期未注明，编制本方案时未重新查阅）</dd>" in shown
    assert "来源未说明 5：未知：就医方式；按没有此项限制核定" in shown
    assert "来源未说明： 年度、既往症的比例、特定药品清单、保障起始日、住院与门诊范围、医院范围、等待期、责任免除" in shown


def test_an_actuary_states_a_responsibility_with_two_bands_from_nothing(world: World, draft: Plan) -> None:
    client, there = signed_in(world.finance_maker), "?part=0&kind=expense"
    place = "responsibilities[0]"
    given = form_of(page(client, draft, "edit_benefits", there)) | {
        f"{place}.code": ["in_catalogue"], f"{place}.name.zh": ["医保目录内自付费用"], f"{place}.deductible[0].value": ["18,000"],
        f"{place}.counts": ["self_pay", "class_b_first"], f"{place}.bands[0].to": ["100000"],
        f"{place}.bands[0].ratio[0].value": ["65%"],
    }
    more = client.post(address(draft, "edit_benefits") + there, given | {"_add": [f"{place}.bands"]})
    assert more.status_code == 200 and not PlanBenefits.objects.filter(plan=draft).exists()
    given = form_of(more) | {f"{place}.bands[1].from": ["100000"], f"{place}.bands[1].ratio[0].value": ["0.8"]}
    saved = client.post(address(draft, "edit_benefits") + there, given | {"_save": ["1"]})
    assert saved.status_code == 302
    found = benefit_terms(draft)
    assert found is not None and found.name.zh == draft.name and found.prices[0].amount == draft.premium
    part = plan_file.data_of(found)["responsibilities"][0]
    assert part == {
        "code": "in_catalogue", "name": "医保目录内自付费用", "benefit": "expense", "counts": ["self_pay", "class_b_first"],
        "deductible": 18000, "bands": [{"to": 100000, "ratio": Decimal("0.65")}, {"from": 100000, "ratio": Decimal("0.8")}],
    }


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_maker)
    given = form_of(page(client, draft, "edit_benefits", "?part=0")) | {
        "responsibilities[0].bands[0].to": ["十万"], "responsibilities[0].bands[1].ratio[0].value": ["80"],
    }
    answer = client.post(address(draft, "edit_benefits") + "?part=0", given)
    nodes = {node.place: node for node in answer.context["editor"].node.walk()}
    assert nodes["responsibilities[0].bands[0].to"].value == "十万"
    assert len(nodes["responsibilities[0].bands[0].to"].problems) == 1
    assert nodes["responsibilities[0].bands[1].ratio"].problems == ("80大于1",)
    assert benefit_terms(draft) == terms("weifang")


def test_a_responsibility_moves_in_the_order_of_settlement_and_is_taken_out(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_maker)
    given = form_of(page(client, draft, "edit_benefits", "?part=2")) | {"_move": ["up"]}
    assert client.post(address(draft, "edit_benefits") + "?part=2", given).status_code == 302
    client.post(address(draft, "remove_benefit") + "?code=in_catalogue")
    found = benefit_terms(draft)
    assert found is not None
    assert [part.code for part in found.responsibilities] == ["special_drugs", "out_of_catalogue_drugs"]
    for code in ("special_drugs", "out_of_catalogue_drugs"):
        client.post(address(draft, "remove_benefit") + f"?code={code}")
    assert benefit_terms(draft) is None


def test_a_spoilt_file_names_every_problem_with_its_place_and_changes_nothing(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_maker)
    spoilt = (FIXTURES / "weifang.yaml").read_text().replace("ratio: 0.65", "ratio: 65")
    spoilt = spoilt.replace("deductible: 20000", "deductable: 1")
    answer = client.post(address(draft, "load_benefits"), {"file": SimpleUploadedFile("plan.yaml", spoilt.encode())})
    said = answer.context["form"].errors["file"]
    assert [each.split("：")[0] for each in said] == ["responsibilities[0].bands[0].ratio", "responsibilities[1].deductable"]
    for name, content in (("a.yaml", b"\xff\xfe\x00"), ("a.yaml", b"- 1"), ("a.json", b"{"), ("a.yaml", b"x: &a [*a]")):
        refused = client.post(address(draft, "load_benefits"), {"file": SimpleUploadedFile(name, content)})
        assert refused.status_code == 200 and refused.context["form"].errors["file"]
    assert benefit_terms(draft) == terms("weifang")


def test_what_should_be_looked_at_stands_on_the_page_of_the_plan(world: World, draft: Plan) -> None:
    data = editing.replaced(plan_file.data_of(terms("weifang")), "responsibilities[0].bands[1].from", 120000)
    set_benefits(draft, plan_file.terms_of(data), by=world.finance_maker, at=world.at)
    gap = "医保目录内自付费用 · 分段赔付 2 · 起（元）：100000至120000不属于任何分段，该部分不赔付"
    shown = signed_in(world.finance_checker).get(reverse("admin:programs_plan_change", args=[draft.pk]))
    assert gap in shown.context["benefit_doubts"] and f"<span>{gap}</span>" in shown.content.decode()
    held = PlanBenefits.objects.get(plan=draft)
    set_benefits(draft, terms("weifang"), base=held.digest, by=world.finance_maker, at=world.at)
    whole = signed_in(world.finance_checker).get(reverse("admin:programs_plan_change", args=[draft.pk]))
    assert "不属于任何分段" not in whole.content.decode()


def test_a_json_file_states_the_benefits_as_its_yaml_does(world: World, draft: Plan) -> None:
    client, text = signed_in(world.finance_maker), plan_file.dump(terms("weifang"), form="json")
    sent = client.post(address(draft, "load_benefits"), {"file": SimpleUploadedFile("plan.JSON", text.encode())})
    assert (sent.status_code, text[0]) == (302, "{")
    draft.refresh_from_db()
    assert benefit_terms(draft) == terms("weifang")


def test_the_downloaded_file_loads_into_the_same_terms(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("chengdu-2023"), by=world.finance_maker, at=world.at)
    answer = page(signed_in(world.finance_checker), draft, "download_benefits")
    assert plan_file.load(answer.content.decode()) == terms("chengdu-2023")
    assert answer["Content-Disposition"] == f'attachment; filename="chengdu-2023-v{draft.number}.yaml"'


def test_a_trial_decides_a_case_to_the_fen_and_keeps_nothing(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_checker)
    before = Event.objects.count()
    given = form_of(page(client, draft, "try_benefits")) | {
        "bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["150000"],
    }
    answer = client.post(address(draft, "try_benefits"), given)
    # Above 18,000: 65 % up to 100,000 and 80 % beyond.
    assert answer.context["trial"].decided[0].decision.amount == Decimal("93300.00")
    assert answer.context["trial"].decided[0].paid[0] == ("医保目录内自付费用", Decimal("93300.00"))
    assert "93,300" in answer.content.decode() and Event.objects.count() == before
    wrong = client.post(address(draft, "try_benefits"), given | {"bills[0].lines[0].amount": ["多"]})
    assert wrong.context["trial"].decided == ()
    assert {node.place: node for node in wrong.context["trial"].node.walk()}["bills[0].lines[0].amount"].problems


def with_waiting(world: World, draft: Plan, days: int) -> None:
    data = editing.replaced(plan_file.data_of(terms("weifang")), "responsibilities[0].waiting_days", days)
    set_benefits(draft, plan_file.terms_of(data), by=world.finance_maker, at=world.at)


def test_a_trial_keeps_the_time_of_cover_and_says_that_an_onset_lies_within_the_waiting_period(world: World, draft: Plan) -> None:
    with_waiting(world, draft, 30)
    client = signed_in(world.finance_checker)
    given = form_of(page(client, draft, "try_benefits")) | {
        "cover.starts_at": ["2026-01-01"], "cover.ends_at": ["2027-01-01 00:00"], "event.at": ["2026-01-20 08:30"],
        "bills[0].day": ["2026-01-21"], "bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["150000"],
    }
    within = client.post(address(draft, "try_benefits"), given)
    assert within.context["trial"].decided[0].decision.refused("WAITING_PERIOD")
    assert within.context["trial"].decided[0].decision.amount == Decimal("0.00")
    assert "等待期内" in within.content.decode() and form_of(within) == given
    after = client.post(address(draft, "try_benefits"), given | {"event.at": ["2026-02-01"], "bills[0].day": ["2026-02-01"]})
    assert after.context["trial"].decided[0].decision.amount == Decimal("93300.00")
    assert "等待期内" not in after.content.decode()
    late = client.post(address(draft, "try_benefits"), given | {"event.at": ["2027-01-01"], "bills[0].day": ["2027-01-01"]})
    assert late.context["trial"].decided[0].decision.refused("AFTER_COVER") and "保障期已结束" in late.content.decode()
    half = client.post(address(draft, "try_benefits"), given | {"cover.ends_at": [""]})
    assert half.context["trial"].decided == ()
    assert {node.place: node for node in half.context["trial"].node.walk()}["cover.ends_at"].problems == ("缺少此项",)


def test_a_trial_tells_each_step_in_the_words_of_its_rule(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_checker)
    given = {"bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["150000"]}
    shown = client.post(address(draft, "try_benefits"), given).content.decode()
    assert "<td>扣除免赔额</td>" in shown and "免赔额18,000.00元，此前已扣0.00元，本次扣18,000.00元，余132,000.00元。" in shown


def test_a_trial_begins_with_what_was_used_before_and_goes_on_to_the_next_case(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_checker)
    first = form_of(page(client, draft, "try_benefits")) | {
        "cover.starts_at": ["2026-01-01"], "cover.ends_at": ["2027-01-01"], "used_before[0].counter": ["deductible:in_catalogue"],
        "used_before[0].number": ["10,000"], "bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["6000"],
    }
    below = client.post(address(draft, "try_benefits"), first)
    assert below.context["trial"].decided[0].decision.amount == Decimal("0.00")
    assert "免赔额18,000.00元，此前已扣10,000.00元，本次扣6,000.00元，余0.00元。" in below.content.decode()
    # On to the next case: it begins with what this one leaves, under the same cover.
    onward = client.post(address(draft, "try_benefits"), first | {"_next": ["1"]})
    again = form_of(onward)
    assert again["used_before[0].counter"] == ["base:in_catalogue"]
    assert {again[f"used_before[{at}].counter"][0]: again[f"used_before[{at}].number"][0] for at in range(2)} == {
        "base:in_catalogue": "6000", "deductible:in_catalogue": "16000",
    }
    assert again["cover.starts_at"] == ["2026-01-01"] and "bills[0].lines[0].amount" not in again
    second = again | {"bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["12000"]}
    # 2,000 of the deductible are left; 65 % of 10,000.
    paid = client.post(address(draft, "try_benefits"), second)
    assert paid.context["trial"].decided[0].decision.amount == Decimal("6500.00")
    assert "已扣免赔额：医保目录内自付费用" in paid.content.decode()


def test_a_trial_offers_the_marks_that_the_plan_excludes(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("day-cover-example"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_checker)
    offered = {node.place: node for node in page(client, draft, "try_benefits").context["trial"].node.walk()}["event.tags"]
    assert (offered.kind, offered.options) == ("choices", (("drunk_driving", "酒后驾驶"),))
    given = {
        "event.kind": ["accident"], "event.at": ["2026-03-01 09:00"], "bills[0].day": ["2026-03-01"],
        "bills[0].lines[0].kind": ["self_pay"], "bills[0].lines[0].amount": ["1100"],
    }
    paid = client.post(address(draft, "try_benefits"), given).context["trial"].decided[0].decision
    marked = client.post(address(draft, "try_benefits"), given | {"event.tags": ["drunk_driving"]}).context["trial"].decided[0]
    assert (paid.amount, paid.refused("EXCLUDED")) == (Decimal("900.00"), False)
    assert (marked.decision.amount, marked.decision.refused("EXCLUDED")) == (Decimal("0.00"), True)


CASES = """
cover: {starts_at: "2026-01-01", ends_at: "2027-01-01"}
used_before: {"deductible:in_catalogue": 10000}
cases:
  - {name: 春, bills: [{day: "2026-03-01", lines: [{kind: self_pay, amount: 6000}]}]}
  - {name: 秋, bills: [{day: "2026-09-01", lines: [{kind: self_pay, amount: 12000}]}]}
"""


def test_a_trial_decides_the_cases_of_a_file_as_quote_does(world: World, draft: Plan, tmp_path: Path) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client, before = signed_in(world.finance_checker), Event.objects.count()
    answer = client.post(address(draft, "try_benefits"), {
        "_file": "1", "file": SimpleUploadedFile("cases.yaml", CASES.encode()),
    })
    said, out = answer.context["trial"].decided, io.StringIO()
    assert [(each.name, each.decision.amount) for each in said] == [("春", Decimal("0.00")), ("秋", Decimal("6500.00"))]
    assert '<h2 id="result-1">春</h2>' in answer.content.decode() and Event.objects.count() == before
    (tmp_path / "cases.yaml").write_text(CASES, encoding="utf-8")
    call_command("quote", "--plan", str(FIXTURES / "weifang.yaml"), "--facts", str(tmp_path / "cases.yaml"), "--json", stdout=out)
    assert [each.decision.to_data() | {"name": each.name} for each in said] == json.loads(out.getvalue())["cases"]
    wrong = CASES.replace("amount: 12000", "amount: 多")
    refused = client.post(address(draft, "try_benefits"), {
        "_file": "1", "file": SimpleUploadedFile("cases.yaml", wrong.encode()),
    })
    assert refused.context["trial"].decided == ()
    assert "cases[1].bills[0].lines[0].amount：多不是数字" in refused.content.decode()


def test_versions_are_compared_in_words(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    submit_plan(draft, by=world.finance_maker, at=world.at)
    approve_plan(draft, by=world.finance_checker, at=world.at)
    later = copy_plan(put_in_force(draft, by=world.finance_checker, at=world.at), by=world.finance_maker, at=world.at)
    data = editing.replaced(plan_file.data_of(terms("weifang")), "responsibilities[0].deductible", 16000)
    data = editing.replaced(data, "responsibilities[0].bands[1].ratio", Decimal("0.85"))
    held = PlanBenefits.objects.get(plan=later)
    set_benefits(later, plan_file.terms_of(data), base=held.digest, by=world.finance_maker, at=world.at)
    answer = page(signed_in(world.finance_checker), later, "compare_benefits", f"?with={draft.pk}")
    assert answer.context["changes"] == [
        ("医保目录内自付费用", "免赔额", "年度18,000元", "年度16,000元"),
        ("医保目录内自付费用", "赔付比例 100,000元以上", "80%", "85%"),
    ]


def in_force(plan: Plan, world: World) -> Plan:
    submit_plan(plan, by=world.finance_maker, at=world.at)
    approve_plan(plan, by=world.finance_checker, at=world.at)
    return put_in_force(plan, by=world.finance_checker, at=world.at)


def test_a_version_is_compared_with_that_of_the_period_before_and_never_with_a_draft_between(world: World, draft: Plan) -> None:
    """Last year's is v1; v2 was drafted and dropped."""
    last_year, year = world.period.code, world.period.starts_on.year + 1
    later = copy_plan(world.plan, by=world.finance_maker, at=world.at)
    set_benefits(later, terms("weifang"), by=world.finance_maker, at=world.at)
    later = in_force(later, world)
    make_period(later, year=year, by=world.finance_checker, at=world.at)
    client = signed_in(world.finance_checker)
    shown = page(client, later, "compare_benefits")
    assert (shown.context["other"].plan, later.number) == (world.plan, 3)
    assert ("保障责任", "已录入", "—", "潍坊惠民保") in shown.context["changes"]
    assert [str(each) for each in shown.context["others"]] == [
        "爱心保示例方案 v2 · 草稿", f"爱心保示例方案 v1 · {last_year} · 已停用",
    ]
    assert f"爱心保示例方案 v3 · {year} · 生效中" in shown.content.decode()
    # What has no period yet is for the next one.
    next_year = copy_plan(later, by=world.finance_maker, at=world.at)
    assert page(client, next_year, "compare_benefits").context["other"].plan == later
    # Before the first there is none: the next version stands beside it.
    assert page(client, world.plan, "compare_benefits").context["other"].plan == next_year
    assert page(client, later, "compare_benefits", f"?with={draft.pk}").context["other"].plan == draft


def test_only_whoever_may_change_plans_is_offered_the_editor(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client = signed_in(world.finance_checker)
    assert page(client, draft, "edit_benefits").status_code in (403, 404)
    assert client.post(address(draft, "remove_benefit"), {}).status_code in (403, 404)
    shown = client.get(reverse("admin:programs_plan_change", args=[draft.pk])).content.decode()
    assert address(draft, "edit_benefits") not in shown and "医保目录内自付费用" in shown
    assert not re.search(r"responsibilities\[", shown)


# --- curve


def test_the_curve_of_a_plan_begins_to_pay_above_the_deductible_and_bends_at_its_band() -> None:
    drawn = picture(terms("weifang"), "self_pay")
    assert drawn is not None and kinds_of(terms("weifang")) == ["self_pay", "out_of_catalogue", "special_drug"]
    kinks = [(point.bill, point.paid) for point in drawn.lines[0].kinks if point.kink]
    assert kinks == [(Decimal("18000.00"), Decimal("0.00")), (Decimal("100000.00"), Decimal("53300.00"))]


def test_whoever_had_the_disease_before_has_a_line_of_their_own() -> None:
    drawn = picture(terms("shanghai-2022"), "out_of_catalogue")
    assert drawn is not None and [line.name for line in drawn.lines] == ["非既往症", "既往症"]


def kinks_shown(answer: Any) -> list[tuple[str, ...]]:
    """The rows of the table below the curve, as they are read."""
    figure = answer.content.decode().split('<figure class="pp-curve"')[1].split("</figure>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", figure.split("<tbody>")[1], re.DOTALL)
    return [tuple(re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in rows]


def test_the_page_of_a_plan_shows_the_bends_of_its_curve_and_another_kind_when_asked(world: World, draft: Plan) -> None:
    set_benefits(draft, terms("weifang"), by=world.finance_maker, at=world.at)
    client, plan = signed_in(world.finance_checker), reverse("admin:programs_plan_change", args=[draft.pk])
    # 65 % from 18,000 on, 80 % from 100,000 on; the last row is where the picture ends.
    first = client.get(plan)
    assert first.context["curve_kind"] == "self_pay" and '<a href="?curve=self_pay#curve-title" aria-current="true">' in (
        first.content.decode()
    )
    assert kinks_shown(first) == [("18,000.00", "0.00"), ("100,000.00", "53,300.00"), ("300,000.00", "213,300.00")]
    drugs = client.get(plan, {"curve": "special_drug"})
    assert '<a href="?curve=special_drug#curve-title" aria-current="true">特定药品</a>' in drugs.content.decode()
    assert kinks_shown(drugs) == [("10,000.00", "0.00"), ("30,000.00", "16,000.00")]
    assert client.get(plan, {"curve": "nothing"}).context["curve_kind"] == "self_pay"
