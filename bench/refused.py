"""What a file of 100,000 refused rows costs to write: `python -m bench.refused [ROWS]`; no database."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

from bench.readers import made_up
from intake.exports import RefusedRow, write_refused_csv, write_refused_xlsx

HEADINGS = tuple(f"列{number}" for number in range(1, 14))


def rows(count: int) -> list[RefusedRow]:
    """Lines as they came, with a reason each."""
    reason = "证件号码:校验位不符,请核对最后一位"
    return [RefusedRow(number, cells, reason, "名单") for number, cells in enumerate(made_up(count), 2)]


def timed(write: Callable[[io.BytesIO], int]) -> tuple[float, int]:
    """Seconds of the processor, and bytes of the file."""
    target = io.BytesIO()
    began = time.process_time()
    write(target)
    return time.process_time() - began, target.tell()


def main() -> None:
    """Both formats."""
    found = rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    writers: dict[str, Callable[[io.BytesIO], int]] = {
        "xlsx": lambda target: write_refused_xlsx(target, {"名单": HEADINGS}, found),
        "csv": lambda target: write_refused_csv(target, HEADINGS, found),
    }
    for name, write in writers.items():
        seconds, size = timed(write)
        print(f"{name}: {len(found):,} refused rows in {seconds:.2f} s, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
