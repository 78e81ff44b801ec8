"""Reads the PDFs of this room back: texts by the font's own table of characters, the square code by its bits."""

from __future__ import annotations

import re
import zlib


def streams_of(content: bytes) -> dict[int, bytes]:
    """Object number -> its stream, unpacked."""
    heads = re.finditer(rb"(\d+) 0 obj\n<< /Length (\d+) [^\n]*>>\nstream\n", content)
    return {int(each[1]): zlib.decompress(content[each.end() : each.end() + int(each[2])]) for each in heads}


def pages_of(content: bytes) -> list[list[str]]:
    """The lines of each page, those of the form first; every reference of the file is followed."""
    table = content[int(re.findall(rb"startxref\n(\d+)", content)[-1]) :]
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", table), 1):
        assert content[int(place) :].startswith(b"%d 0 obj" % number)
    streams = streams_of(content)
    signs = {
        code: bytes.fromhex(text).decode("utf-16-be")
        for code, text in re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>", streams[9].decode())
    }
    pages = [int(each) for each in re.findall(rb"/Contents (\d+) 0 R", content)]
    assert len(pages) == int(re.findall(rb"/Count (\d+)", content)[0])
    form = _texts(streams[4], signs)
    return [form + _texts(streams[page], signs) for page in pages]


def lines_of(content: bytes) -> list[str]:
    """The lines of all pages."""
    return [line for lines in pages_of(content) for line in lines]


def squares_in(content: bytes) -> list[list[int]]:
    """The square code of the first page, row by row."""
    page = int(re.findall(rb"/Contents (\d+) 0 R", content)[0])
    count, bits = re.findall(rb"/W (\d+) /H \d+ .*?ID ([0-9a-f]+)>", streams_of(content)[page])[0]
    side, plain = int(count), bytes.fromhex(bits.decode())
    width = (side + 7) // 8
    return [
        [int(bit) for bit in f"{int.from_bytes(plain[row * width : row * width + width], 'big'):0{width * 8}b}"[:side]]
        for row in range(side)
    ]


def _texts(stream: bytes, signs: dict[str, str]) -> list[str]:
    return [
        "".join(signs[codes[at : at + 4]] for at in range(0, len(codes), 4))
        for codes in re.findall(r"<([0-9A-F]*)> Tj", stream.decode())
    ]
