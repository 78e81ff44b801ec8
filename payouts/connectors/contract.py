"""What every connector must do, as a test: call `keeps_the_contract` with yours and what reads back what lies there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from payouts.connectors import Connector, NotTaken, Parcel

#: Reads back what lies at the other side: content by name.
There = Callable[[], Mapping[str, bytes]]


def parcel_of(name: str, content: bytes) -> Parcel:
    """A file in pieces."""
    pieces = [content[at:at + 7] for at in range(0, len(content), 7)]
    return Parcel(name, len(content), hashlib.sha256(content).hexdigest(), lambda: iter(pieces))


def keeps_the_contract(connector: Connector, *, there: There) -> None:
    """AssertionError where a file is lost, cut short, carried twice, or takes another one's place."""
    first = parcel_of("P000000001.csv", "P000000001-000001,张𠮷,5000.00\r\n".encode("gb18030"))
    second = parcel_of("P000000002.csv", b"two")
    for parcel in (first, first, second):
        if not connector.deliver(parcel).place:
            raise AssertionError("a connector says where a file lies")
    whole = {parcel.name: b"".join(parcel.content()) for parcel in (first, second)}
    if dict(there()) != whole:
        raise AssertionError(f"not each file once and whole: {sorted(there())}")
    try:
        connector.deliver(parcel_of(first.name, b"another"))
    except NotTaken:
        pass
    else:
        raise AssertionError("another content under the same name is not taken")
    if dict(there()) != whole:
        raise AssertionError("a file that lies there stays as it is")
