"""What a log line may hold: numbers of rows and codes, never a person's data, whatever was asked for or went wrong."""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

HIDDEN = "…"
#: Documents, phones, accounts; a row's number is shorter. Names as people here write them, and as
#: addresses and Django's own lines write those.
_TELLING = re.compile(r"[0-9]{11,}[Xx]?|[^\x00-\x7f]+|(\\[ux][0-9A-Fa-f]{2,4})+|(%[0-9A-Fa-f]{2})+")
#: Made by us: a request's number may hold many digits.
_OURS = ("request_id", "timestamp", "level", "logger")
#: A word or a row's number in a path.
_OPEN_PART = re.compile(r"[a-z_.-]*|[0-9]{1,10}", re.ASCII)

logger = structlog.get_logger("portal.requests")


def scrubbed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last look at a line: what could be a person's name or number is taken out of every text."""
    for key, value in line.items():
        if isinstance(value, str) and key not in _OURS:
            line[key] = _TELLING.sub(HIDDEN, value)
    return line


def frames_only(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kinds and the places it came through: its words may quote what was typed, or a database's row."""
    raised = line.pop("exc_info", None)
    if not raised:
        return line
    raised = sys.exc_info() if raised is True else raised
    error = raised[1] if isinstance(raised, tuple) else raised if isinstance(raised, BaseException) else None
    told = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        told.append("".join(traceback.format_list(frames)) + f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    line["exception"] = "\ncaused by\n".join(reversed(told)) if told else HIDDEN
    return line


def path_of(request: HttpRequest) -> str:
    """The path with the names of what was asked, without any value; parts that are no word and no row's number hidden."""
    parts = [part if _OPEN_PART.fullmatch(part) else HIDDEN for part in request.path.split("/")]
    names = [name if _OPEN_PART.fullmatch(name) else HIDDEN for name in request.GET]
    return "/".join(parts) + (f"?{'&'.join(names)}" if names else "")


class RequestLog(RequestMiddleware):
    """One line a request: its number, method, path, status, milliseconds and user; the number goes back to the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.get_response: Any = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Number, answer, line."""
        began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        self.prepare(request)
        number = structlog.contextvars.get_contextvars()["request_id"]
        try:
            response: HttpResponse = self.get_response(request)
            self.bind_user_id(request)
            response["X-Request-ID"] = number
            logger.log(
                self._log_level_for_status_code(response.status_code), "request", method=request.method,
                path=path_of(request), status=response.status_code, ms=round((time.monotonic() - began) * 1000),
            )
            return response
        finally:
            structlog.contextvars.clear_contextvars()

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """As lines of an exception name it."""
        return f"{request.method} {path_of(request)}"
