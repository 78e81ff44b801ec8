"""`manage.py create_first_admins`: the three accounts from which all others follow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actions import create_first_admins
from accounts.actions.first_admins import SYSTEM, USERNAMES, FirstAdmin
from accounts.actions.passwords import random_password
from accounts.errors import AccountsRefused
from accounts.models import User
from accounts.roles import Role
from audit.faults import fault_point

_OPTIONS = {Role.SYSTEM_ADMIN: "system", Role.SECURITY_ADMIN: "security", Role.AUDITOR: "auditor"}
_TITLES = {Role.SYSTEM_ADMIN: "系统管理员", Role.SECURITY_ADMIN: "安全管理员", Role.AUDITOR: "审计员"}


class Command(BaseCommand):
    """Refuses when there is any user; the passwords leave it once and must be changed at the first sign-in."""

    help = "Makes the first system administrator, security administrator and auditor: three people, three duties."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--organization", default="平台运营中心", help="name of the operator they belong to")
        for role, option in _OPTIONS.items():
            parser.add_argument(f"--{option}", default=_TITLES[role], metavar="NAME", help=f"display name: {option}")
        parser.add_argument("--logins", type=Path, help="write the passwords to this new file (0600), not to the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the passwords first, then make the users: a crash between leaves passwords of nobody, not the reverse."""
        if User.objects.exists():
            raise CommandError(str(AccountsRefused("USERS_EXIST")))
        admins = [
            FirstAdmin(username, role, options[_OPTIONS[Role(role)]].strip() or _TITLES[Role(role)], random_password())
            for role, username in USERNAMES.items()
        ]
        width = max(len(admin.username) for admin in admins)
        text = "".join(f"{admin.username:<{width}}  {admin.password}  {admin.display_name}\n" for admin in admins)
        path = options["logins"]
        if path is not None:
            _keep(path, text)
        try:
            create_first_admins(
                options["organization"].strip(), admins=(admins[0], admins[1], admins[2]), by=SYSTEM, at=timezone.now()
            )
        except BaseException as error:
            if path is not None:
                fault_point("accounts.drop_logins.before")
                path.unlink(missing_ok=True)
                fault_point("accounts.drop_logins.after")
            if isinstance(error, AccountsRefused):
                raise CommandError(str(error)) from error
            raise
        self.stdout.write(text if path is None else f"The logins of {len(admins)} people are in {path}.")


def _keep(path: Path, text: str) -> None:
    """A new file that only its owner can read, on the disk before this returns."""
    fault_point("accounts.keep_logins.before")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already: name a new file.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fault_point("accounts.keep_logins.after")
