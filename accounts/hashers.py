"""How a demo keeps its random passwords."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class DemoPasswordHasher(PBKDF2PasswordHasher):
    """As everywhere, in a fiftieth of the turns: turns are against guessing, and random passwords are not guessed."""

    iterations = PBKDF2PasswordHasher.iterations // 50
