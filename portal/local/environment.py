"""The environment of a portal on one machine: made once, kept in a file that only its owner reads."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from portal.local.postgres import APPLICATION, OWNER, Server

ROOT = Path(__file__).resolve().parent.parent.parent
RUN_FOLDER = Path(os.environ.get("PORTAL_RUN_FOLDER") or ROOT / ".run")
DATABASE = "portal"
DEFAULT_PORT = 8000


def demo_server() -> Server:
    """The server of `make run`."""
    return Server(RUN_FOLDER)


def environment_file() -> Path:
    """Where secrets of the local portal are kept."""
    return RUN_FOLDER / "environment"


def demo_environment(server: Server, *, as_owner: bool = False) -> dict[str, str]:
    """All settings of the local portal; secrets are made at the first call and kept."""
    RUN_FOLDER.mkdir(parents=True, exist_ok=True)
    path = environment_file()
    if not path.exists():
        secret = secrets.token_urlsafe(60)
        master = base64.b64encode(secrets.token_bytes(32)).decode()
        write_private(path, f"SECRET_KEY={secret}\nMASTER_KEYS=1:{master}\n")
    kept = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    for folder in ("broker", "files"):
        (RUN_FOLDER / folder).mkdir(exist_ok=True)
    return {
        **kept,
        "DATABASE_URL": server.url(DATABASE, role=OWNER if as_owner else APPLICATION),
        "CELERY_BROKER_URL": f"filesystem://{RUN_FOLDER / 'broker'}",
        "CACHE_URL": "locmemcache://",
        "STORAGE_URL": f"file://{RUN_FOLDER / 'files'}",
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        "DEMO": "true",
    }


def enter_local(*, as_owner: bool = False) -> Server | None:
    """Give this process the local portal's environment when it has none of its own; the server that it needs."""
    if os.environ.get("DATABASE_URL") or not environment_file().exists():
        return None
    server = demo_server()
    os.environ.update(demo_environment(server, as_owner=as_owner))
    return server


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)


def logins_file() -> Path:
    """Where the demo's logins are kept."""
    return RUN_FOLDER / "logins.txt"
