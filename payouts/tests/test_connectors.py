"""Connectors against a real folder and a real SFTP server; and a crash between hand-over and acknowledgement."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from django.core.checks import run_checks
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, in_turn
from beneficiaries.tests.outcomes import LOST, Dropped, recover
from beneficiaries.tests.test_faults import url_of_the_test_database
from claims.models import Payable
from jobs.actions import sweep
from jobs.models import Job
from jobs.testing import drain, drain_through_failures, let_lease_pass
from payouts import actions
from payouts.connectors import Acknowledged, NotTaken, Parcel
from payouts.connectors.contract import keeps_the_contract, parcel_of
from payouts.connectors.folder import FolderConnector
from payouts.connectors.sftp import SftpConnector
from payouts.errors import PayoutsRefused
from payouts.models import Batch, Delivery
from payouts.testing import PASSWORD, Till, fresh, keys_of, make_till
from payouts.writing import content_of
from tests.kit.nursery import Nursery, nursery

#: Ways to be lost within a process.
MODES: Mapping[str, type[FaultAt]] = {"exception": FaultAt, "disconnect": Dropped}
#: Points between two strikes; dropped connections in the short form at some.
STEPS = {"exception": 1, "disconnect": 1 if FULL_SWEEP else 4}
FOLDER = "payouts.connectors.folder.FolderConnector"
BREAKING = "payouts.tests.test_connectors.Breaking"


def there(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_keeps_the_contract(tmp_path: Path) -> None:
    keeps_the_contract(FolderConnector(str(tmp_path)), there=lambda: there(tmp_path))


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotTaken, match="PAYOUT_FOLDER"):
        FolderConnector(str(tmp_path / "none")).deliver(parcel_of("a.csv", b"a"))


def test_a_file_that_is_cut_short_is_not_taken(tmp_path: Path) -> None:
    whole = parcel_of("a.csv", b"abcdefghij")
    with pytest.raises(NotTaken, match="whole"):
        FolderConnector(str(tmp_path)).deliver(Parcel("a.csv", 10, whole.sha256, lambda: iter([b"abc"])))
    assert "a.csv" not in there(tmp_path)


@dataclass
class Server:
    """An SFTP server of this process: where it answers, the key it shows, the folder it gives."""

    url: str
    host_key: str
    folder: Path


class _Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("portal", "right")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "bank"
    (root / "in").mkdir(parents=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    ready, stop, port = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        found = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Login, server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root)),
        )
        port.append(found.get_port())
        ready.set()
        await stop.wait()
        found.close()
        await found.wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    yield Server(f"sftp://portal@127.0.0.1:{port[0]}/in", key.export_public_key().decode(), root / "in")
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


def test_an_sftp_server_keeps_the_contract(server: Server) -> None:
    connector = SftpConnector(server.url, host_key=server.host_key, password="right")
    keeps_the_contract(connector, there=lambda: there(server.folder))


def test_a_server_that_is_another_or_refuses_the_sign_in_gets_nothing(server: Server) -> None:
    strange = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for connector in (
        SftpConnector(server.url, host_key=strange, password="right"),
        SftpConnector(server.url, host_key=server.host_key, password="wrong"),
        SftpConnector("sftp://portal@127.0.0.1:1/in", host_key=server.host_key, password="right"),
        SftpConnector("https://127.0.0.1/in", host_key=server.host_key, password="right"),
        SftpConnector(f"{server.url}/none", host_key=server.host_key, password="right"),
    ):
        with pytest.raises(NotTaken) as refused:
            connector.deliver(parcel_of("a.csv", b"a"))
        assert "right" not in str(refused.value)
    assert there(server.folder) == {}


@pytest.mark.django_db(transaction=True)
def test_a_batch_goes_to_the_banks_server_once(server: Server, settings: Any) -> None:
    settings.PAYOUT_CONNECTOR = "payouts.connectors.sftp.SftpConnector"
    settings.PAYOUT_SFTP_URL, settings.PAYOUT_SFTP_HOST_KEY = server.url, server.host_key
    settings.PAYOUT_SFTP_PASSWORD = "right"
    till = make_till()
    batch = till.released("10.00", "20.00")
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain()
    batch = fresh(batch)
    assert (batch.state, batch.sent_at is not None) == ("sent", True)
    assert there(server.folder) == {f"{batch.reference}.csv": b"".join(content_of(batch))}
    (delivery,) = Delivery.objects.all()
    assert (delivery.state, delivery.note) == ("taken", f"/in/{batch.reference}.csv")
    with pytest.raises(PayoutsRefused) as refused:
        actions.send_batch(batch, by=till.maker, at=timezone.now())
    assert refused.value.code == "HANDED_OUT"


@pytest.mark.django_db(transaction=True)
def test_what_was_not_taken_for_certain_can_be_sent_again(settings: Any, tmp_path: Path) -> None:
    settings.PAYOUT_CONNECTOR, settings.PAYOUT_FOLDER = FOLDER, str(tmp_path / "bank")
    till = make_till()
    batch = till.released("10.00")
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain()
    assert (fresh(batch).state, Delivery.objects.get().state) == ("released", "not_taken")
    assert Event.objects.filter(verb="payout_batch.not_taken").count() == 1
    (tmp_path / "bank").mkdir()
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain()
    assert fresh(batch).state == "sent" and len(there(tmp_path / "bank")) == 1


class Breaking:
    """Takes the file and is gone before it says so."""

    taken: list[str] = []

    def deliver(self, parcel: Parcel) -> Acknowledged:
        self.taken.append(parcel.name)
        raise ConnectionResetError("gone")


@pytest.mark.django_db(transaction=True)
def test_no_answer_leaves_it_unknown_and_it_is_never_sent_again_on_its_own(settings: Any) -> None:
    settings.PAYOUT_CONNECTOR = BREAKING
    Breaking.taken = []
    till = make_till()
    batch = till.released("10.00")
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain_through_failures()
    recover()
    assert (fresh(batch).state, Breaking.taken) == ("unknown", [f"{batch.reference}.csv"])
    assert Delivery.objects.get().state == "begun"
    till.answered(fresh(batch), [(keys_of(batch)[0], "10.00", "Y")])
    assert fresh(batch).state == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_what_may_be_at_the_bank_is_not_sent_or_given_up_and_leaves_once_more_when_the_bank_has_it_not(
    settings: Any, tmp_path: Path
) -> None:
    settings.PAYOUT_CONNECTOR, settings.PAYOUT_FOLDER = BREAKING, str(tmp_path)
    Breaking.taken = []
    till = make_till()
    batch = till.released("10.00")
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain_through_failures()
    recover()
    _stays_unknown(till, batch)
    settings.PAYOUT_CONNECTOR = FOLDER
    _stays_unknown(till, batch)
    enquiry = actions.record_enquiry(batch, answer="not_received", reference="客服工单7", by=till.maker, at=timezone.now())
    _stays_unknown(till, batch)
    actions.confirm_enquiry(enquiry, by=till.authorizer, at=timezone.now())
    assert fresh(batch).state == "released"
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    drain()
    assert (fresh(batch).state, Breaking.taken) == ("sent", [f"{batch.reference}.csv"])
    assert there(tmp_path) == {f"{batch.reference}.csv": b"".join(content_of(batch))}
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["not_taken", "taken"]
    assert _code_of(lambda: actions.send_batch(batch, by=till.maker, at=timezone.now())) == "HANDED_OUT"


def _stays_unknown(till: Till, batch: Batch) -> None:
    """Neither sent again, nor downloaded, nor given up; nothing of it is owed anew."""
    assert [_code_of(each) for each in (
        lambda: actions.send_batch(batch, by=till.maker, at=timezone.now()),
        lambda: actions.open_batch(batch, password=PASSWORD, by=till.maker, at=timezone.now()),
        lambda: actions.discard_batch(batch, reason="不发了", by=till.maker, at=timezone.now()),
    )] == ["HANDED_OUT", "HANDED_OUT", "BATCH_STATE"]
    assert (fresh(batch).state, Payable.objects.get().state) == ("unknown", "in_payment")
    assert not Job.objects.live().filter(kind="payouts.send_file").exists()


def _code_of(act: Callable[[], object]) -> str:
    with pytest.raises(PayoutsRefused) as refused:
        act()
    return refused.value.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", MODES)
def test_a_crash_at_any_point_of_sending_sends_at_most_once(mode: str, settings: Any, tmp_path: Path) -> None:
    """Struck at each point: the file lies there once or not at all, and where it may lie there the batch says unknown or sent."""
    settings.PAYOUT_CONNECTOR, settings.PAYOUT_FOLDER = FOLDER, str(tmp_path)
    till = make_till()
    struck, k = 0, 1
    while True:
        batch = till.released("10.00")
        asked, sending = MODES[mode](k=k), MODES[mode](k=k)
        try:
            with handled_by(asked):
                actions.send_batch(batch, by=till.maker, at=timezone.now())
        except LOST:
            pass
        connection.close()
        live = Job.objects.live().filter(kind="payouts.send_file").exists()
        if not live:
            actions.send_batch(Batch.objects.get(pk=batch.pk), by=till.maker, at=timezone.now())
        try:
            with handled_by(sending):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        batch = fresh(batch)
        lies = f"{batch.reference}.csv" in there(tmp_path)
        attempts = Delivery.objects.filter(batch=batch).count()
        assert attempts <= 1, sending.seen[-1:]
        assert (batch.state, lies) in {("sent", True), ("unknown", True), ("unknown", False)}, sending.seen[-1:]
        if not (asked.struck or sending.struck):
            assert batch.state == "sent"
            break
        struck += asked.struck + sending.struck
        k += STEPS[mode] if k < 40 else 7
    assert struck > (10 if STEPS[mode] == 1 else 3)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this module's processes."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def processes(django_db_setup: None, bank: Path) -> Iterator[Nursery]:
    """Processes on the test database that send to the folder."""
    environment = {"DATABASE_URL": url_of_the_test_database(), "PAYOUT_CONNECTOR": FOLDER, "PAYOUT_FOLDER": str(bank)}
    with nursery(environment=environment) as found:
        yield found


#: Where a process that sends is killed -> what the batch says afterwards, and whether the file lies at the bank.
KILLED = {
    "payouts.folder.after": ("unknown", True), "payouts.deliver.before": ("unknown", False),
    "payouts.folder.before": ("unknown", False), "payouts.deliver.after": ("unknown", True),
    "payouts.end_delivery.before": ("unknown", True), "payouts.end_delivery.after": ("unknown", True),
    "payouts.begin_delivery.before": ("sent", True), "payouts.begin_delivery.after": ("sent", True),
}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", in_turn(KILLED, 0))
def test_a_process_killed_while_it_sends_leaves_what_only_an_enquiry_moves(
    point: str, settings: Any, bank: Path, processes: Nursery
) -> None:
    settings.PAYOUT_CONNECTOR, settings.PAYOUT_FOLDER = FOLDER, str(bank)
    for left in bank.iterdir():
        left.unlink()
    till = make_till()
    batch = till.released("10.00")
    actions.send_batch(batch, by=till.maker, at=timezone.now())
    killed = processes.start("manage", "run_jobs", "--drain", environment={"FAULT_POINT": point, "FAULT_MODE": "kill"})
    complaint = killed.communicate(timeout=60)[1]
    assert killed.returncode == -signal.SIGKILL, complaint[-2000:]
    let_lease_pass(Job.objects.get(state=Job.State.RUNNING))
    sweep(at=timezone.now())
    drain_through_failures()
    name = f"{batch.reference}.csv"
    assert (fresh(batch).state, name in there(bank)) == KILLED[point]
    assert Delivery.objects.filter(batch=batch).count() == 1
    if KILLED[point][0] == "sent":
        return
    _stays_unknown(till, batch)
    answer = "received" if KILLED[point][1] else "not_received"
    enquiry = actions.record_enquiry(batch, answer=answer, reference="客服工单7", by=till.maker, at=timezone.now())
    actions.confirm_enquiry(enquiry, by=till.authorizer, at=timezone.now())
    assert fresh(batch).state == ("sent" if KILLED[point][1] else "released")
    if not KILLED[point][1]:
        actions.send_batch(batch, by=till.maker, at=timezone.now())
        drain()
    assert (fresh(batch).state, there(bank)[name]) == ("sent", b"".join(content_of(batch)))


def test_a_connector_that_is_none_is_said_at_start(settings: Any) -> None:
    settings.PAYOUT_CONNECTOR = "payouts.connectors.Parcel"
    assert "payouts.E002" in {found.id for found in run_checks()}
    settings.PAYOUT_CONNECTOR = "payouts.connectors.none.Nothing"
    assert "payouts.E001" in {found.id for found in run_checks()}
