"""Pages of files of claims, as their users meet them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.testing import shared
from claims.models import Claim
from exports.tests.conftest import content_of, export
from filings.models import ClaimFile, ClaimFileRow, PaperArchive
from filings.testing import PDF, Filings, checked, file_of, filings, line, opened, papers, zipped
from jobs.testing import drain

pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(filings)


@pytest.fixture
def world(kept_world: Filings) -> Filings:
    return kept_world


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, subject: ClaimFile) -> str:
    return reverse(f"admin:filings_claimfile_{name}", args=[subject.pk])


def test_a_file_goes_from_the_upload_with_its_papers_to_the_claims_by_its_buttons(world: Filings) -> None:
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    lines = [line(world, 0, "BA1"), line(world, 1, "BA2", name="张三丰"), line(world, 2, "BA3", total="60000.01")]
    given = {
        "program": world.market.program.pk, "organization": world.market.world.office.pk,
        "file": SimpleUploadedFile("报案.csv", file_of(world, lines).getvalue()),
        "papers": SimpleUploadedFile("材料.zip", zipped({"BA1/发票.pdf": PDF, "BA9/发票.pdf": PDF}).getvalue()),
    }
    answer = clerk.post(reverse("admin:filings_claimfile_upload"), given)
    subject = ClaimFile.objects.get()
    assert answer.headers["Location"] == page("change", subject)
    drain()
    shown = clerk.get(page("change", subject))
    assert dict(shown.context["summary"]) == {
        "赔案": "1", "待立案": "1 行，60,000.00 元", "待核实": "2 行，120,000.01 元",
    }
    assert [(paper.path, paper.outcome) for paper in shown.context["papers"]] == [
        ("BA1/发票.pdf", "等待赔案立案"), ("BA9/发票.pdf", "没有这个报案号"),
    ]
    text = shown.content.decode()
    assert world.covers[0].person.name.reveal() not in text and "C34.9" not in text
    held = ClaimFileRow.objects.get(claim_number="BA3")
    decided = clerk.post(f"{page('decide', subject)}?only={held.pk}", {"kind": "accept", "reason": "四舍五入差一分"})
    assert decided.status_code == 302
    clerk.post(page("submit", subject))
    assert clerk.get(page("approve", subject)).status_code == 403
    confirm = reviewer.get(page("approve", subject))
    reviewer.post(page("approve", subject), {"digest": confirm.context["form"]["digest"].value()})
    drain()
    subject.refresh_from_db()
    assert subject.state == "applied"
    shown = clerk.get(f"{page('change', subject)}?papers=attached")
    claim = Claim.objects.earliest("pk")
    assert [(paper.path, paper.address) for paper in shown.context["papers"]] == [
        ("BA1/发票.pdf", reverse("admin:claims_claim_change", args=[claim.pk])),
    ]
    assert reverse("admin:claims_claim_change", args=[claim.pk]) in shown.content.decode()
    claim_page = clerk.get(reverse("admin:claims_claim_change", args=[claim.pk])).content.decode()
    assert f"{page('change', subject)}?row=" in claim_page


def test_an_upload_with_papers_that_are_no_zip_keeps_nothing(world: Filings) -> None:
    given = {
        "program": world.market.program.pk, "organization": world.market.world.office.pk,
        "file": SimpleUploadedFile("报案.csv", file_of(world, [line(world, 0, "BA1")]).getvalue()),
        "papers": SimpleUploadedFile("材料.zip", PDF),
    }
    answer = signed_in(world.clerk).post(reverse("admin:filings_claimfile_upload"), given)
    assert "这不是 ZIP 压缩包" in answer.content.decode()
    assert not ClaimFile.objects.exists()


def test_papers_are_added_and_matched_again_by_buttons(world: Filings) -> None:
    clerk = signed_in(world.clerk)
    subject = opened(world, [line(world, 0, "BA1")])
    clerk.post(page("add_papers", subject), {"papers": SimpleUploadedFile("材料.zip", zipped({"BA2/发票.pdf": PDF}).getvalue())})
    drain()
    archive = PaperArchive.objects.get()
    assert archive.entries.get().outcome == "no_claim"
    opened(world, [line(world, 1, "BA2")], name="F2")
    clerk.post(page("match_papers", subject), {"archive": archive.pk})
    drain()
    assert archive.entries.get().outcome == "attached"
    assert "match_papers" not in clerk.get(page("change", subject)).content.decode()


def test_the_list_and_the_page_ask_constantly(world: Filings) -> None:
    client = signed_in(world.clerk)
    counted = []
    subject = opened(world, [line(world, 0, "BA1")])
    papers(world, subject, {"BA1_发票.pdf": PDF})
    client.get(page("change", subject))
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page("change", subject)).status_code == 200
            assert client.get(reverse("admin:filings_claimfile_changelist")).status_code == 200
        counted.append(len(queries))
        if not number:
            subject = opened(world, [line(world, 1, "BA2"), line(world, 2, "BA3"), line(world, 3, "BA4")], name="F2")
            papers(world, subject, {f"BA{each}_发票.pdf": PDF + bytes([each]) for each in (2, 3, 4)})
            client.get(page("change", subject))
    assert counted[0] == counted[1]


def test_the_list_is_exported_and_the_template_downloaded(world: Filings) -> None:
    checked(world, [line(world, 0, "BA1")])
    client = signed_in(world.clerk)
    text = content_of(export(client, "filings.claimfile")).decode("utf-8-sig")
    assert "60000.00" in text
    answer = client.post(reverse("admin:filings_claimfile_blank_template"), {"program": world.market.program.pk})
    assert answer.content.startswith(b"PK")


def test_the_undo_is_asked_for_and_approved_by_buttons(world: Filings) -> None:
    subject = opened(world, [line(world, 0, "BA1")])
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    clerk.post(page("request_undo", subject), {"reason": "重复报送"})
    assert reviewer.get(page("approve_undo", subject)).status_code == 200
    reviewer.post(page("approve_undo", subject))
    drain()
    subject.refresh_from_db()
    assert subject.state == "undone"
    assert "已撤回案件" in dict(clerk.get(page("change", subject)).context["summary"])
