"""The first three accounts: three people, three duties, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Organization, User
from accounts.testing import make_user
from audit.faults import FaultAt, PlantedFault, handled_by

pytestmark = pytest.mark.django_db


def test_three_people_of_three_duties_are_made_in_an_operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logins = tmp_path / "logins.txt"
    call_command("create_first_admins", "--logins", str(logins), "--auditor", "陈审计")
    assert list(Membership.objects.order_by("pk").values_list("user__username", "role", "duty")) == [
        ("system", "system_admin", "system"), ("security", "security_admin", "security"), ("auditor", "auditor", "auditing"),
    ]  # fmt: skip
    home = Organization.objects.get()
    assert (home.name, home.kind, home.region_code) == ("平台运营中心", "operator", "")
    assert logins.stat().st_mode & 0o777 == 0o600
    lines = [line.split() for line in logins.read_text(encoding="utf-8").splitlines()]
    assert [(name, title) for name, _password, title in lines] == [
        ("system", "系统管理员"), ("security", "安全管理员"), ("auditor", "陈审计"),
    ]  # fmt: skip
    shown = capsys.readouterr().out
    for name, password, _title in lines:
        user = User.objects.get(username=name)
        assert user.check_password(password)
        assert user.must_change_password
        assert password not in shown


def test_without_a_file_the_passwords_are_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_first_admins")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert [line[0] for line in lines] == ["system", "security", "auditor"]
    assert all(User.objects.get(username=line[0]).check_password(line[1]) for line in lines)


def test_with_any_user_it_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    make_user()
    with pytest.raises(CommandError, match="首批管理员只能建立一次"):
        call_command("create_first_admins", "--logins", str(tmp_path / "logins.txt"))
    assert list(tmp_path.iterdir()) == []
    assert User.objects.count() == 1


def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    logins = tmp_path / "logins.txt"
    logins.write_text("kept")
    with pytest.raises(CommandError, match="exists already"):
        call_command("create_first_admins", "--logins", str(logins))
    assert logins.read_text() == "kept"
    assert User.objects.count() == 0


@pytest.mark.parametrize("name", ["accounts.create_first_admins.before", "accounts.create_first_admins.after"])
def test_a_fault_in_between_leaves_neither_users_nor_passwords(name: str, tmp_path: Path) -> None:
    logins = tmp_path / "logins.txt"
    with handled_by(FaultAt(name=name)), pytest.raises(PlantedFault):
        call_command("create_first_admins", "--logins", str(logins))
    assert (User.objects.count(), Organization.objects.count(), logins.exists()) == (0, 0, False)
