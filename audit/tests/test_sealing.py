"""Long columns sealed and digested by a process beside: the same as here, whatever becomes of that process."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from audit import ciphers, digests, sealing

KEY = bytes(range(32))
TEXTS = [None if number % 7 == 0 else "" if number % 11 == 0 else f"王小明{number}" for number in range(sealing.LONG)]


def opened(cipher: ciphers.Cipher, tokens: list[bytes | None]) -> list[str | None]:
    return [ciphers.open_token(cipher, token, b"person.name").decode() if token else None for token in tokens]


def process_of_the_block() -> Any:
    current = sealing._current.get()
    return current and current._started


@pytest.mark.parametrize("name", ["aes-256-gcm", "sm4-gcm"])
def test_a_column_sealed_beside_opens_here_and_no_nonce_comes_twice(name: str) -> None:
    cipher = ciphers.CIPHERS[name](KEY[: ciphers.CIPHERS[name].key_bytes])
    with sealing.beside():
        tokens = sealing.seal(cipher, 7, TEXTS, b"person.name")
        assert process_of_the_block() is not None
    assert opened(cipher, tokens) == [text or None for text in TEXTS]
    nonces = [token[ciphers.HEAD : ciphers.HEAD + ciphers.NONCE] for token in tokens if token]
    assert len(set(nonces)) == len(nonces) == sum(map(bool, TEXTS))
    assert {ciphers.key_id_of(token) for token in tokens if token} == {7}


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_a_column_digested_beside_is_what_it_is_here(algorithm: str) -> None:
    with sealing.beside():
        beside = sealing.digest(algorithm, KEY, TEXTS)
        assert process_of_the_block() is not None
    assert beside == digests.digest_column(algorithm, KEY, TEXTS)
    assert len({each for each in beside if each}) == sum(map(bool, TEXTS))


def test_a_digest_is_hmac_cut_to_sixteen_bytes() -> None:
    # RFC 4231, test case 2.
    assert digests.keyed_digest("sha256", b"Jefe")("what do ya want for nothing?").hex() == "5bdcc146bf60754e6a042426089575c7"
    # GM/T 0042-2015, appendix D.3, the first one.
    text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
    assert digests.keyed_digest("sm3", bytes(range(1, 33)))(text).hex() == "ca05e144ed05d1857840d1f318a4a866"


def test_short_columns_and_columns_outside_the_block_start_no_process() -> None:
    cipher = ciphers.Aes256Gcm(KEY)
    with sealing.beside():
        assert len(sealing.seal(cipher, 1, TEXTS[1:], b"x")) == sealing.LONG - 1
        assert process_of_the_block() is None
    assert len(sealing.seal(cipher, 1, TEXTS, b"x")) == sealing.LONG
    assert process_of_the_block() is None


def test_a_process_that_dies_costs_time_and_no_row(caplog: pytest.LogCaptureFixture) -> None:
    cipher = ciphers.Aes256Gcm(KEY)
    with sealing.beside():
        sealing.digest("sha256", KEY, TEXTS)
        started = process_of_the_block()
        started.kill()
        started.wait()
        assert opened(cipher, sealing.seal(cipher, 1, TEXTS, b"person.name")) == [text or None for text in TEXTS]
        assert sealing.digest("sha256", KEY, TEXTS) == digests.digest_column("sha256", KEY, TEXTS)
        assert process_of_the_block() is started
    assert [record.message for record in caplog.records] == ["sealing.process_lost"]


def test_the_process_ends_with_its_block_and_holds_no_master_key() -> None:
    with sealing.beside():
        sealing.digest("sha256", KEY, TEXTS)
        started = process_of_the_block()
        folder = Path("/proc") / str(started.pid)
        environment = (folder / "environ").read_bytes()
        said = (folder / "cmdline").read_bytes()
        assert "MASTER_KEYS" in os.environ
        assert b"MASTER_KEYS" not in environment and b"DATABASE_URL" not in environment
        assert KEY not in said
    assert started.returncode == 0


def test_threads_that_ask_at_once_each_get_their_own_answer() -> None:
    found: dict[int, list[bytes | None]] = {}
    texts = {number: [f"{number}-{row}" for row in range(sealing.LONG)] for number in range(4)}
    with sealing.beside():
        process = sealing._current.get()
        assert process is not None

        def ask(number: int) -> None:
            answer = process.ask(("digest", "sha256", KEY, texts[number]))
            assert answer is not None
            found[number] = answer

        threads = [Thread(target=ask, args=(number,)) for number in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {number: digests.digest_column("sha256", KEY, texts[number]) for number in texts}
