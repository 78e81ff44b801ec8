"""Whose paper a file in an archive is, and what paper, by its name alone: `<报案号>/<kind>.pdf` or `<报案号>_<kind>.jpg`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Words in the names of files, the more special before the more general: the first that is found says the kind.
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("death", ("死亡证明", "死亡", "火化", "殡葬", "户籍注销")),
    ("relation", ("关系证明", "出生证", "出生医学证明", "结婚证", "亲属关系", "监护")),
    ("accident", ("事故认定", "责任认定", "事故证明", "事故", "交警")),
    ("settlement", ("医保结算", "结算单", "结算")),
    ("charges", ("费用清单", "费用明细", "清单", "明细")),
    ("application", ("理赔申请", "申请书", "申请表", "申请", "授权书", "委托书")),
    ("bank", ("银行卡", "银行账户", "存折", "账户", "账号", "银行")),
    ("prescription", ("处方",)),
    ("record", (
        "病历", "病案", "出院小结", "出院记录", "出院证明", "住院记录", "诊断证明", "诊断", "检查报告", "检验报告", "病理",
        "门诊记录",
    )),
    ("invoice", ("电子票据", "发票", "票据", "收据")),
    ("identity", ("身份证", "户口簿", "户口本", "户口", "证件", "护照", "居住证")),
)
OTHER = "other"
_SEPARATORS = re.compile(r"[\s_\-—–~.·,，、+&()（）\[\]【】《》#]+")
_IGNORED_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


def folded(text: str) -> str:
    """A number as it is compared: without blanks, width and case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_paper(path: str) -> bool:
    """Whether a name is a file that somebody put there, no folder and nothing that a system leaves behind."""
    parts = parts_of(path)
    if not parts or path.endswith("/"):
        return False
    last = parts[-1].lower()
    return "__MACOSX" not in parts and last not in _IGNORED_NAMES and not last.startswith("._")


def parts_of(path: str) -> list[str]:
    """Folders and the file's name, whichever slash was written."""
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]


def candidates(path: str) -> list[str]:
    """Numbers that a path may name, folded, the best first: its folders from the last on, then what the file's name begins with."""
    *folders, name = parts_of(path)
    stem = name.rpartition(".")[0] or name
    found = [folded(folder) for folder in reversed(folders)]
    ends = [match.start() for match in _SEPARATORS.finditer(stem)] + [len(stem)]
    found += [folded(stem[:end]) for end in sorted(set(ends), reverse=True) if end]
    return [each for each in dict.fromkeys(found) if each]


def number_of(path: str, known: Mapping[str, str]) -> str:
    """The number of a claim that a path names, "" where none of the `known` (folded -> as it is written) is meant."""
    return next((known[each] for each in candidates(path) if each in known), "")


def kind_of(path: str, number: str) -> str:
    """The kind of paper by the words in the file's name, else in its folders; `other` where none is found.

    `number` is left out of the name first: what stands in it are no words.
    """
    *folders, name = parts_of(path)
    for part in (name.rpartition(".")[0] or name, *reversed(folders)):
        text = unicodedata.normalize("NFKC", part)
        text = text.replace(number, "") if number else text
        for kind, words in WORDS:
            if any(word in text for word in words):
                return kind
    return OTHER
