"""`make lint`'s last part: Django's own checks as production sees them; the demo's relaxations must fail them."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys

from portal.local.environment import ROOT

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(60),
    "MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal_app:secret@database.example.org:5432/portal",
    "CELERY_BROKER_URL": "amqp://portal:secret@broker.example.org:5672//",
    "CACHE_URL": "redis://cache.example.org:6379/0",
    "STORAGE_URL": "file:///srv/portal/files",
}
KEPT = ("PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE")


def manage(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A management command in production's environment."""
    return python(str(ROOT / "manage.py"), *arguments, **changes)


def python(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Python in production's environment."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | PRODUCTION | changes
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True,
        check=False,
    )


def main() -> None:
    """Exit with the first failure."""
    deploy = manage("check", "--deploy", "--fail-level", "WARNING")
    if deploy.returncode:
        sys.exit(f"check --deploy is not clean:\n{deploy.stdout}{deploy.stderr}")
    relaxed = manage("check", "--deploy", SECOND_FACTOR_REQUIRED="false")
    if not relaxed.returncode or "portal.E002" not in relaxed.stderr:
        sys.exit("check --deploy lets a demo relaxation pass")
    changes = manage("makemigrations", "--check", "--dry-run")
    if changes.returncode:
        sys.exit(f"There are model changes without a migration:\n{changes.stdout}{changes.stderr}")
    types = python("-m", "mypy", ".")
    if types.returncode:
        sys.exit(f"Types do not fit:\n{types.stdout}{types.stderr}")
    print("Types, deploy checks and migrations are clean.")


if __name__ == "__main__":
    main()
