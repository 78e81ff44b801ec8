"""`make reset`: stop the local servers and delete all local data."""

from __future__ import annotations

import fcntl
import shutil
import sys

from portal.local.environment import RUN_FOLDER, demo_server
from portal.local.postgres import Server


def main() -> None:
    """Delete, unless the portal runs."""
    servers = (demo_server(), Server(RUN_FOLDER / "test"))
    if not RUN_FOLDER.exists() and not any(server.home.exists() for server in servers):
        print("There is no local data.")
        return
    RUN_FOLDER.mkdir(parents=True, exist_ok=True)
    with (RUN_FOLDER / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The portal runs. Stop it first.")
        for server in servers:
            server.destroy()
        shutil.rmtree(RUN_FOLDER)
    print("All local data is deleted.")


if __name__ == "__main__":
    main()
