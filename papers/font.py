"""The face of all papers: characters as glyphs of one free font in their Chinese forms, widths, and a part of it to embed.

The font is Noto Sans CJK (SIL Open Font License): 44,800 characters, rare ones of names among them. It comes as a package.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from noto_cjk_sans_jp_regular import FONT_PATH

#: Units of a glyph's width; the height of a line is one em.
EM = 1000
#: What a reader sees where the font has no such character.
UNKNOWN = "〓"
_SCRIPT, _LANGUAGE, _FEATURE = "hani", "ZHS ", "locl"
_NAMES = "cid"
_LEFT_OUT = ("GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "kern")


class Face:
    """Glyph numbers and widths by character."""

    def __init__(self) -> None:
        font = TTFont(FONT_PATH, lazy=True)
        chinese = _forms(font["GSUB"].table)
        self._glyphs = {chr(sign): chinese.get(name, name) for sign, name in font.getBestCmap().items()}
        widths = font["hmtx"].metrics
        self._widths = {sign: widths[name][0] for sign, name in self._glyphs.items()}
        self._codes = {sign: f"{int(name.removeprefix(_NAMES)):04X}" for sign, name in self._glyphs.items()}
        head, lines = font["head"], font["OS/2"]
        self.box = (head.xMin, head.yMin, head.xMax, head.yMax)
        self.ascent, self.descent, self.cap_height = lines.sTypoAscender, lines.sTypoDescender, lines.sCapHeight
        font.close()

    def has(self, sign: str) -> bool:
        """Whether the font can show a character."""
        return sign in self._glyphs

    def spelled(self, text: str) -> str:
        """The text in characters that the font has: composed, without signs that nobody sees, unknown ones marked."""
        if all(map(self._glyphs.__contains__, text)):
            return text
        composed = unicodedata.normalize("NFC", text)
        seen = (sign for sign in composed if unicodedata.category(sign) not in ("Cc", "Cf", "Mn"))
        return "".join(sign if self.has(sign) else UNKNOWN for sign in seen)

    def coded(self, text: str) -> str:
        """The glyphs' own numbers in the font of a spelled text, four hexadecimal digits each."""
        return "".join(map(self._codes.__getitem__, text))

    def width(self, sign: str) -> int:
        """Of one character, in units of the em."""
        return int(self._widths[sign])

    def length(self, text: str, size: float) -> float:
        """Of a spelled text in points."""
        return sum(map(self._widths.__getitem__, text)) * size / EM

    def part(self, signs: Iterable[str]) -> bytes:
        """The outlines (CFF) of these characters and no others, under their own numbers; about half a second."""
        font = TTFont(FONT_PATH, lazy=True)
        options = subset.Options(
            layout_features=[], name_IDs=[], notdef_outline=True, hinting=False, desubroutinize=True, glyph_names=False
        )
        options.drop_tables += [*_LEFT_OUT]
        chosen = subset.Subsetter(options)
        chosen.populate(glyphs=sorted({self._glyphs[sign] for sign in signs}))
        chosen.subset(font)
        whole = io.BytesIO()
        font.save(whole)
        font.close()
        return TTFont(io.BytesIO(whole.getvalue()), lazy=True).reader["CFF "]


def _forms(table: Any) -> dict[str, str]:
    """Glyph -> the glyph of the same character as mainland China writes it."""
    script = next(each.Script for each in table.ScriptList.ScriptRecord if each.ScriptTag == _SCRIPT)
    language = next(each.LangSys for each in script.LangSysRecord if each.LangSysTag == _LANGUAGE)
    found: dict[str, str] = {}
    for index in language.FeatureIndex:
        feature = table.FeatureList.FeatureRecord[index]
        if feature.FeatureTag == _FEATURE:
            for number in feature.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[number].SubTable:
                    found.update(getattr(part, "ExtSubTable", part).mapping)
    return found


@cache
def face() -> Face:
    """Read once a process: about a tenth of a second."""
    return Face()
