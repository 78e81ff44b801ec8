"""Each byte of a payout file at rest, and each figure of its checksum and digest: whatever is changed, nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from audit.errors import Refused
from audit.testing import FULL_SWEEP
from payouts import actions
from payouts.models import Batch, Delivery
from payouts.testing import PASSWORD, Till, downloaded, fresh, make_till
from payouts.writing import content_of

pytestmark = pytest.mark.django_db(transaction=True)
#: The short form changes every so many bytes, from the first to the last.
STEP = 1 if FULL_SWEEP else 37


def refusal(till: Till, batch: Batch) -> str:
    """The code by which a download is refused; the batch stays as it was, and nothing is noted as handed out."""
    with pytest.raises(Refused) as refused:
        b"".join(actions.open_batch(batch, password=PASSWORD, by=till.maker, at=timezone.now()))
    assert fresh(batch).state == "released" and not Delivery.objects.exists()
    return refused.value.code


@contextmanager
def past_the_triggers() -> Iterator[None]:
    """What somebody with the rights of the server's owner changes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_every_byte_of_a_file_that_is_changed_at_rest_is_noticed() -> None:
    till = make_till()
    batch = till.released("5000.00", "0.10")
    whole = b"".join(content_of(batch))
    with default_storage.open(batch.parts.get().storage_key) as kept:
        path, sealed = Path(kept.name), kept.read()
    places = sorted({*range(0, len(sealed), STEP), len(sealed) - 1})
    altered = set()
    try:
        for place in places:
            path.write_bytes(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
            altered.add(refusal(till, batch))
        for cut in (b"", sealed[:-1], sealed[: len(sealed) // 2]):
            path.write_bytes(cut)
            altered.add(refusal(till, batch))
    finally:
        path.write_bytes(sealed)
    assert altered == {"FILE_ALTERED"}
    assert downloaded(till, batch) == whole and len(places) >= 10


def test_every_figure_of_a_checksum_that_is_changed_is_noticed() -> None:
    till = make_till()
    batch = till.released("5000.00", "0.10")
    for place in range(0, 64, 1 if FULL_SWEEP else 9):
        other = f"{int(batch.sha256[place], 16) ^ 1:x}"
        with past_the_triggers():
            Batch.objects.filter(pk=batch.pk).update(sha256=batch.sha256[:place] + other + batch.sha256[place + 1 :])
        assert refusal(till, batch) == "FILE_DAMAGED"
    with past_the_triggers():
        Batch.objects.filter(pk=batch.pk).update(sha256=batch.sha256)
    assert downloaded(till, batch)


def test_every_figure_of_a_digest_that_is_changed_is_noticed() -> None:
    """Whoever checks is shown one digest and approves no other; the lines are held against it anew."""
    till = make_till()
    till.owe("5000.00", "0.10")
    batch = till.prepare()
    for place in range(0, 64, 1 if FULL_SWEEP else 9):
        other = f"{int(batch.digest[place], 16) ^ 1:x}"
        changed = batch.digest[:place] + other + batch.digest[place + 1 :]
        with pytest.raises(Refused) as refused:
            actions.check_batch(batch, digest=changed, by=till.checker, at=timezone.now())
        assert refused.value.code == "STALE"
        with past_the_triggers():
            Batch.objects.filter(pk=batch.pk).update(digest=changed)
        with pytest.raises(Refused) as refused:
            actions.check_batch(fresh(batch), digest=changed, by=till.checker, at=timezone.now())
        assert refused.value.code == "STALE"
    with past_the_triggers():
        Batch.objects.filter(pk=batch.pk).update(digest=batch.digest)
    assert till.checked(fresh(batch)).state == "checked"
