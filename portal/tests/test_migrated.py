"""The database that the suite's processes copy: named by the code that made it, made once, the same as a migrated one."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import sql

from portal.local.environment import ROOT
from portal.local.migrated import Migrated, digest_of, sources
from portal.local.pytest_plugin import OWN_SERVER, SERVER


def test_its_name_follows_every_file_that_may_say_what_a_migrated_database_holds(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("b = 1")
    names = [digest_of([one, two], below=tmp_path), digest_of([one], below=tmp_path), digest_of([two, one], below=tmp_path)]
    two.write_text("b = 2")
    names.append(digest_of([one, two], below=tmp_path))
    assert len(set(names)) == 4
    assert digest_of([one, two], below=tmp_path) == names[3]


def test_migrations_models_and_versions_are_among_them_and_tests_are_not() -> None:
    named = {str(path.relative_to(ROOT)) for path in sources()}
    assert {"requirements.txt", "audit/creating.py", "programs/models/ledger.py", "portal/checks.py"} <= named
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("*/migrations/0*.py")} <= named
    assert not any("/tests/" in f"/{path}" or path.startswith((".venv", "tests")) for path in named)


@pytest.mark.skipif(not OWN_SERVER, reason="the server is somebody else's")
def test_it_is_kept_until_one_of_other_code_is_and_holds_what_was_migrated() -> None:
    try:
        SERVER.ensure_database("try_migrated")
        with SERVER.connect("try_migrated") as superuser:
            superuser.execute("CREATE TABLE kept AS SELECT 7 AS number")
        for code in ("one", "two"):
            template = Migrated(SERVER, code=code, prefix="try_template_")
            assert not template.exists()
            with template.alone():
                template.make("try_migrated")
            assert template.exists()
        assert found() == ["try_migrated", "try_template_two"]
        with SERVER.connect("try_template_two") as superuser:
            assert superuser.execute("SELECT number FROM kept").fetchall() == [(7,)]
    finally:
        with SERVER.connect() as superuser:
            for name in found():
                superuser.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def found() -> list[str]:
    """The databases of the test above."""
    with SERVER.connect() as superuser:
        named = superuser.execute("SELECT datname FROM pg_database WHERE starts_with(datname, 'try_') ORDER BY 1").fetchall()
    return [name for (name,) in named]
