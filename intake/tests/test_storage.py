"""Uploaded files: sealed frame by frame, whole or not at all, gone when their time is over."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Organization, User
from accounts.testing import make_organization, make_region_tree, make_user
from audit import keys
from audit.faults import PlantedFault
from audit.models import Event
from audit.testing import fault_at
from intake import storage
from intake.actions import purge_files, receive_file, remove_orphans
from intake.actions.files import safe_name
from intake.errors import IntakeRefused
from intake.models import File
from intake.storage import FRAME, OVERHEAD

pytestmark = pytest.mark.django_db

YEAR = 2026
LIMIT = 8 * FRAME
SEALED_FRAME = FRAME + OVERHEAD


def content(size: int) -> bytes:
    """Bytes of which no frame is like another."""
    block = b"".join(number.to_bytes(8, "big") for number in range(size // 8 + 1))
    return block[:size]


def stored(plain: bytes) -> storage.Stored:
    return storage.store(io.BytesIO(plain), year=YEAR, limit=LIMIT)


def on_disk(key: str) -> Path:
    return Path(default_storage.path(key))


def all_keys() -> set[str]:
    return {key for key, _written in storage.kept_keys()}


def refusal_of(read: Callable[[], Any]) -> str:
    with pytest.raises(IntakeRefused) as refused:
        read()
    return refused.value.code


def read_whole(kept: storage.Stored) -> bytes:
    with storage.opened(kept.key, kept.size) as source:
        return source.read()


@pytest.fixture(autouse=True)
def an_empty_storage(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "kept")},
        },
    }
    (tmp_path / "kept").mkdir()


@pytest.mark.parametrize("size", [1, 27, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 7])
def test_what_is_stored_is_read_back_at_every_border_of_frames(size: int) -> None:
    plain = content(size)
    kept = stored(plain)
    assert (kept.size, kept.sha256) == (size, hashlib.sha256(plain).hexdigest())
    assert on_disk(kept.key).stat().st_size == size + OVERHEAD * -(-size // FRAME)
    assert read_whole(kept) == plain


def test_reading_starts_anywhere_and_crosses_frames() -> None:
    plain = content(3 * FRAME + 7)
    kept = stored(plain)
    with storage.opened(kept.key, kept.size) as source:
        for offset in (0, 1, FRAME - 1, FRAME, 2 * FRAME - 3, 3 * FRAME, 3 * FRAME + 6):
            assert source.seek(offset) == offset
            assert source.read(9) == plain[offset : offset + 9]
        assert source.seek(-5, os.SEEK_END) == len(plain) - 5
        assert source.read() == plain[-5:]
        assert source.read() == b""
        source.seek(FRAME)
        source.seek(-4, os.SEEK_CUR)
        assert source.read(8) == plain[FRAME - 4 : FRAME + 4]
        source.seek(len(plain) + 100)
        assert source.read(1) == b""


def test_a_slow_stream_in_small_pieces_makes_the_same_frames() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 65_521))

    plain = content(2 * FRAME + 11)
    kept = storage.store(Trickle(plain), year=YEAR, limit=LIMIT)
    assert read_whole(kept) == plain


def test_no_plain_bytes_lie_on_the_disk() -> None:
    plain = "王小明,441602196203151219\n".encode() * 60_000
    kept = stored(plain)
    sealed = on_disk(kept.key).read_bytes()
    assert "王小明".encode() not in sealed
    assert b"441602196203151219" not in sealed
    assert on_disk(kept.key).stat().st_mode & 0o077 == 0


def test_the_same_content_twice_is_sealed_differently() -> None:
    first, second = stored(content(100)), stored(content(100))
    assert on_disk(first.key).read_bytes() != on_disk(second.key).read_bytes()


@pytest.mark.parametrize("place", [0, 1, 4, 5, 16, 17, 500, FRAME + 32, SEALED_FRAME, SEALED_FRAME + 3, SEALED_FRAME + 40])
def test_an_altered_byte_is_refused(place: int) -> None:
    kept = stored(content(FRAME + 100))
    path = on_disk(kept.key)
    sealed = bytearray(path.read_bytes())
    sealed[place] ^= 0x55
    path.write_bytes(sealed)
    assert refusal_of(lambda: read_whole(kept)) == "FILE_ALTERED"


@pytest.mark.parametrize("length", [0, 1, OVERHEAD - 1, 100, SEALED_FRAME, SEALED_FRAME + 5, SEALED_FRAME + OVERHEAD + 99])
def test_a_cut_file_is_refused(length: int) -> None:
    kept = stored(content(FRAME + 100))
    os.truncate(on_disk(kept.key), length)
    assert refusal_of(lambda: read_whole(kept)) == "FILE_ALTERED"


def test_frames_in_another_order_are_refused() -> None:
    kept = stored(content(2 * FRAME))
    path = on_disk(kept.key)
    sealed = path.read_bytes()
    path.write_bytes(sealed[SEALED_FRAME:] + sealed[:SEALED_FRAME])
    assert refusal_of(lambda: read_whole(kept)) == "FILE_ALTERED"


def test_the_frame_of_another_file_is_refused() -> None:
    mine, other = stored(content(100)), stored(content(100))
    on_disk(mine.key).write_bytes(on_disk(other.key).read_bytes())
    assert refusal_of(lambda: read_whole(mine)) == "FILE_ALTERED"


def test_untouched_frames_of_an_altered_file_are_not_given_out_as_the_whole() -> None:
    kept = stored(content(2 * FRAME))
    path = on_disk(kept.key)
    path.write_bytes(path.read_bytes()[:SEALED_FRAME])
    with storage.opened(kept.key, kept.size) as source:
        assert source.read(FRAME) == content(FRAME)
        assert refusal_of(source.read) == "FILE_ALTERED"


def test_an_empty_file_is_refused_and_leaves_nothing() -> None:
    assert refusal_of(lambda: stored(b"")) == "UPLOAD_EMPTY"
    assert all_keys() == set()


def test_the_limit_itself_is_taken_and_one_byte_more_refused_with_nothing_left() -> None:
    kept = storage.store(io.BytesIO(content(2 * FRAME)), year=YEAR, limit=2 * FRAME)
    assert all_keys() == {kept.key}
    with pytest.raises(IntakeRefused) as refused:
        storage.store(io.BytesIO(content(2 * FRAME + 1)), year=YEAR, limit=2 * FRAME)
    assert (refused.value.code, refused.value.facts) == ("UPLOAD_TOO_LARGE", {"megabytes": 2})
    assert all_keys() == {kept.key}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_words_and_leaves_no_half_file(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    opened, written = os.fdopen, []

    def filling(handle: int, mode: str) -> Any:
        file = opened(handle, mode, 0)

        class Full:
            def write(self, data: bytes) -> int:
                written.append(len(data))
                if len(written) == 3:
                    file.write(data[:1000])
                    raise OSError(number, os.strerror(number))
                return int(file.write(data))

            def close(self) -> None:
                file.close()

        return Full()

    monkeypatch.setattr(os, "fdopen", filling)
    assert refusal_of(lambda: stored(content(4 * FRAME))) == "STORAGE_FULL"
    assert written == [SEALED_FRAME] * 3
    assert all_keys() == set()


def test_a_disk_that_is_full_only_at_the_last_sync_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal_of(lambda: stored(content(10))) == "STORAGE_FULL"
    assert all_keys() == set()


def test_another_failure_of_the_disk_is_not_called_full_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="input/output error"):
        stored(content(10))
    assert all_keys() == set()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("名册.csv", "名册.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\用户\\名册.xlsx", "名册.xlsx"),
        ("/", "roster"),
        ("..", "roster"),
        ("", "roster"),
        ("a\x00b\nc.csv", "a_b_c.csv"),
        ("x<y>|z?.csv", "x_y_z_.csv"),
        ("王小明441602196203151219.csv", "王小明****.csv"),
        ("13800138000.csv", "****.csv"),
        ("2026-01.csv", "2026-01.csv"),
        ("gpj.\u202evsc", "gpj._vsc"),
        (" .名册.csv. ", "名册.csv"),
    ],
)
def test_a_file_keeps_a_name_for_people_that_is_no_path_and_names_nobody(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_a_long_name_keeps_its_end() -> None:
    name = safe_name("名" * 300 + ".csv")
    assert (len(name), name[-5:]) == (120, "名.csv")


# -- received, orphaned, purged ----------------------------------------------------------------------------------------


@pytest.fixture
def office() -> Organization:
    make_region_tree()
    return make_organization("源城区民政局", region="441602")


@pytest.fixture
def clerk(office: Organization) -> User:
    return make_user("clerk", organization=office, role="clerk")


def received(office: Organization, clerk: User, *, at: datetime | None = None, text: bytes = b"a,b\n1,2\n") -> File:
    return receive_file(io.BytesIO(text), name="名册.csv", organization=office, by=clerk, at=at or timezone.now())


def test_a_received_file_has_one_row_one_content_and_one_event(office: Organization, clerk: User) -> None:
    file = received(office, clerk)
    assert (file.size, file.name, file.organization) == (8, "名册.csv", office)
    assert file.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert all_keys() == {file.storage_key}
    event = Event.objects.get(verb="file.received")
    assert event.data == {"bytes": 8, "content": file.sha256[:12]}


@pytest.mark.parametrize("point", ["intake.store.after", "intake.receive_file.before", "intake.receive_file.after"])
def test_an_upload_killed_between_content_and_row_leaves_at_most_an_orphan(
    office: Organization, clerk: User, point: str
) -> None:
    now = timezone.now()
    kept = received(office, clerk, at=now + timedelta(days=3))
    with fault_at(point), pytest.raises(PlantedFault):
        received(office, clerk)
    assert list(File.objects.all()) == [kept]
    assert len(all_keys()) == 2
    assert remove_orphans(at=now + timedelta(hours=23)) == 0
    assert len(all_keys()) == 2
    assert remove_orphans(at=now + timedelta(hours=25)) == 1
    assert all_keys() == {kept.storage_key}
    assert remove_orphans(at=now + timedelta(hours=25)) == 0
    assert read_whole(storage.Stored(kept.storage_key, kept.sha256, kept.size)) == b"a,b\n1,2\n"


def test_a_half_content_that_a_killed_process_left_is_removed(office: Organization, clerk: User) -> None:
    half = stored(content(FRAME + 1))
    os.truncate(on_disk(half.key), FRAME // 2)
    assert remove_orphans(at=timezone.now() + timedelta(hours=25)) == 1
    assert all_keys() == set()


def test_a_file_that_no_import_came_to_hold_is_purged_after_a_day(office: Organization, clerk: User) -> None:
    file = received(office, clerk)
    assert remove_orphans(at=timezone.now() + timedelta(hours=23)) == 0
    at = timezone.now() + timedelta(hours=25)
    assert remove_orphans(at=at) == 1
    file.refresh_from_db()
    assert (file.purged_at, all_keys()) == (at, set())


def test_orphans_of_many_batches_are_all_found(office: Organization, clerk: User) -> None:
    for _number in range(5):
        stored(content(3))
    assert remove_orphans(at=timezone.now() + timedelta(hours=25), limit=2) == 5
    assert all_keys() == set()


def test_what_lies_beside_the_years_is_left_alone() -> None:
    other = Path(default_storage.path("exports")) / "monthly.zip"
    other.parent.mkdir()
    other.write_bytes(b"x")
    assert remove_orphans(at=timezone.now() + timedelta(days=400)) == 0
    assert other.exists()


def test_a_file_is_purged_on_its_day_and_its_row_says_so(
    office: Organization, clerk: User, settings: Any
) -> None:
    settings.FILE_KEPT_DAYS = 30
    now = timezone.now()
    file = received(office, clerk, at=now)
    younger = received(office, clerk, at=now + timedelta(days=1), text=b"c,d\n")
    assert file.purge_on == timezone.localdate(now) + timedelta(days=30)
    assert purge_files(at=now + timedelta(days=29)) == 0
    at = now + timedelta(days=30)
    assert purge_files(at=at) == 1
    file.refresh_from_db()
    assert file.purged_at == at
    assert all_keys() == {younger.storage_key}
    assert Event.objects.get(verb="file.purged").data == {"day": str(timezone.localdate(at))}
    assert purge_files(at=at) == 0
    assert Event.objects.filter(verb="file.purged").count() == 1


@pytest.mark.parametrize("point", ["intake.purge.before", "intake.purge.removed", "intake.purge.after"])
def test_a_purge_killed_anywhere_is_done_by_the_next(office: Organization, clerk: User, point: str) -> None:
    file = received(office, clerk, at=timezone.now() - timedelta(days=4000))
    at = timezone.now()
    with fault_at(point), pytest.raises(PlantedFault):
        purge_files(at=at)
    file.refresh_from_db()
    assert file.purged_at is None
    assert purge_files(at=at) == 1
    file.refresh_from_db()
    assert (file.purged_at, all_keys()) == (at, set())
    assert Event.objects.filter(verb="file.purged").count() == 1


def test_a_purge_takes_at_most_as_many_as_it_is_told(office: Organization, clerk: User) -> None:
    for number in range(3):
        received(office, clerk, at=timezone.now() - timedelta(days=4000), text=b"%d" % number)
    assert purge_files(at=timezone.now(), limit=2) == 2
    assert purge_files(at=timezone.now(), limit=2) == 1


def test_the_master_key_missing_is_not_called_an_altered_file(settings: Any) -> None:
    kept = stored(content(10))
    keys.forget()
    settings.MASTER_KEYS = {9: b"x" * 32}
    with pytest.raises(keys.KeyMissing) as missing, storage.opened(kept.key, kept.size) as source:
        source.read()
    assert missing.value.code == "MASTER_KEY_MISSING"
