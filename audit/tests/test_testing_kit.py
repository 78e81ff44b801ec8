"""The test kit itself: a fault strikes where it is told, a stepper says when its stop was never reached."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction

from accounts.models import User
from accounts.testing import make_user
from audit import faults
from audit.apps import AuditConfig
from audit.faults import FaultAt, PlantedFault, fault_point, handled_by
from audit.testing import STEP_SECONDS, Stepper, fault_at, sweep


def steps(count: int, done: list[int]) -> None:
    for number in range(count):
        fault_point(f"test.{number}")
        done.append(number)


def test_nothing_strikes_outside_a_test_that_asks_for_it() -> None:
    done: list[int] = []
    steps(3, done)
    assert done == [0, 1, 2]


def test_a_sweep_strikes_every_point_once_and_checks_after_each() -> None:
    reached: list[list[int]] = []
    done: list[int] = []

    def run() -> None:
        done.clear()
        steps(5, done)

    assert sweep(run, check=lambda k: reached.append([k, *done])) == 5
    assert reached == [[1], [2, 0], [3, 0, 1], [4, 0, 1, 2], [5, 0, 1, 2, 3]]
    assert done == [0, 1, 2, 3, 4]


def test_a_sweep_may_begin_late_and_leap() -> None:
    struck: list[int] = []
    assert sweep(lambda: steps(9, []), check=struck.append, first=2, step=3) == 3
    assert struck == [2, 5, 8]


def test_a_sweep_lets_a_failed_check_and_an_error_of_the_code_through() -> None:
    with pytest.raises(ZeroDivisionError):
        sweep(lambda: steps(2, []), check=lambda k: 1 / 0)

    def broken() -> None:
        fault_point("test.one")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sweep(broken, check=lambda k: None)


def test_a_handler_is_gone_after_its_block() -> None:
    with pytest.raises(PlantedFault), fault_at("test.1"):
        steps(3, [])
    steps(3, [])
    with handled_by(FaultAt(k=99)) as _none, fault_at("test.9") as inner:
        steps(2, [])
    assert inner.seen == ["test.0", "test.1"]


@pytest.mark.django_db(transaction=True)
def test_a_dropped_connection_rolls_back_and_the_next_query_has_a_new_one() -> None:
    user = make_user()

    def rename() -> None:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(display_name="甲")
            fault_point("test.written")

    pid = connection.connection.info.backend_pid
    with pytest.raises(OperationalError), fault_at("test.written", mode="disconnect"):
        rename()
    assert User.objects.get(pk=user.pk).display_name == "测试员"
    assert connection.connection.info.backend_pid != pid
    with pytest.raises(OperationalError), fault_at("test.alone", mode="disconnect"):
        fault_point("test.alone")
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize(("variables", "code", "said"), [
    ({"FAULT_AT": "2"}, -9, "0\n"), ({"FAULT_POINT": "test.0"}, -9, ""), ({}, 0, "0\n1\n2\n"),
    ({"FAULT_AT": "3", "FAULT_MODE": "raise"}, 1, "0\n1\n"),
])  # fmt: skip
def test_a_process_is_killed_where_its_environment_says(variables: dict[str, str], code: int, said: str) -> None:
    program = (
        "from audit import faults\nfaults.plant_from_environment()\n"
        "for number in range(3):\n    faults.fault_point(f'test.{number}')\n    print(number, flush=True)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(settings.BASE_DIR), env={**os.environ, **variables}, capture_output=True,
        text=True, check=False,
    )
    assert (ended.returncode, ended.stdout) == (code, said)


@pytest.mark.django_db(transaction=True)
def test_a_stepper_leads_two_connections_through_a_race() -> None:
    user = make_user()

    def rename(name: str) -> int:
        with transaction.atomic():
            found = User.objects.select_for_update().get(pk=user.pk)
            fault_point("test.locked")
            found.display_name = name
            found.save(update_fields=["display_name"])
            return connection.connection.info.backend_pid

    with Stepper() as stepper:
        first = stepper.start(lambda: rename("甲"), stop_at="test.locked")
        second = stepper.start(lambda: rename("乙"))
        # The server says so at once: nobody sits the seconds out.
        assert second.waits(STEP_SECONDS)
        assert User.objects.get(pk=user.pk).display_name == "测试员"
        first.go_on()
        assert first.result() != second.result()
    assert User.objects.get(pk=user.pk).display_name == "乙"


@pytest.mark.django_db(transaction=True)
def test_a_walker_that_holds_its_own_lock_or_has_ended_is_told_from_one_that_waits_for_another() -> None:
    let_on = threading.Event()
    with Stepper() as stepper:
        slow, done = stepper.start(lambda: (User.objects.count(), let_on.wait())), stepper.start(lambda: None)
        assert not done.waits(STEP_SECONDS)
        assert slow.waits(0.1) and len(slow.backends) == 1 and not slow._is_blocked()
        let_on.set()
        assert slow.result() == (0, True)


def test_a_stop_that_is_never_reached_fails_the_test() -> None:
    with Stepper() as stepper, pytest.raises(AssertionError, match=r"test\.never was not reached"):
        stepper.start(lambda: fault_point("test.other"), stop_at="test.never")


def test_a_stepper_gives_back_what_was_raised() -> None:
    def fail() -> None:
        fault_point("test.here")
        raise LookupError("x")

    with Stepper() as stepper:
        walker = stepper.start(fail, stop_at="test.here")
        walker.go_on()
        assert isinstance(walker.error(), LookupError)
        with pytest.raises(LookupError):
            walker.result()
    assert faults._handler is None


@pytest.mark.parametrize(("testing", "planted"), [(False, False), (True, True)])
def test_outside_a_test_run_nothing_plants_a_fault(testing: bool, planted: bool, settings: Any, monkeypatch: Any) -> None:
    settings.TESTING = testing
    monkeypatch.setenv("FAULT_AT", "1")
    monkeypatch.setattr(faults, "_handler", None)
    config = apps.get_app_config("audit")
    assert isinstance(config, AuditConfig)
    config.plant()
    assert faults.is_planted() is planted
