"""The catalogue of what a check may find (code, severity, cause, remedy) and its sentence; no check lives here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Severity(StrEnum):
    """From harmless to refused: `repaired` and `warning` let the row go on, `doubt` waits for a person, `error` refuses it."""

    REPAIRED = "repaired"
    WARNING = "warning"
    DOUBT = "doubt"
    ERROR = "error"

    @property
    def weight(self) -> int:
        """1 (repaired) to 4 (error): the worst finding of a row is the largest weight; 0 means no finding."""
        return _WEIGHTS[self]


_WEIGHTS = {Severity.REPAIRED: 1, Severity.WARNING: 2, Severity.DOUBT: 3, Severity.ERROR: 4}


class Verdict(IntEnum):
    """What the review says about a row; stored as a smallint, so the numbers never change."""

    NEW = 1
    CHANGED = 2
    UNCHANGED = 3
    COVERED = 4
    DOUBTFUL = 5
    REFUSED = 6

    @property
    def label(self) -> Promise:
        return VERDICT_LABELS[self]


VERDICT_LABELS = {
    Verdict.NEW: _("新增"),
    Verdict.CHANGED: _("有变动"),
    Verdict.UNCHANGED: _("无变动"),
    Verdict.COVERED: _("已有保障"),
    Verdict.DOUBTFUL: _("待确认"),
    Verdict.REFUSED: _("未通过"),
}
VERDICT_CHOICES = [(int(verdict), label) for verdict, label in VERDICT_LABELS.items()]


@dataclass(frozen=True, slots=True)
class Meaning:
    """Cause and remedy may use `%(value)s` (masked), `%(extra)s` (the finding's one fact) and `%(column)s`."""

    code: str
    severity: Severity
    cause: Promise
    remedy: Promise


_ERROR, _DOUBT, _WARNING, _REPAIRED = Severity.ERROR, Severity.DOUBT, Severity.WARNING, Severity.REPAIRED

FILE_MEANINGS = (
    Meaning("EMPTY", _ERROR, _("文件是空的"), _("请检查后重新上传")),
    Meaning("NO_ROWS", _ERROR, _("只有表头,没有数据"), _("请填写数据后重新上传")),
    Meaning(
        "TYPE_MISMATCH",
        _ERROR,
        _("这不是可以读取的表格(%(extra)s)"),
        _("请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
    ),
    Meaning("MACRO_REFUSED", _ERROR, _("文件带有宏"), _("请另存为不带宏的.xlsx后重新上传")),
    Meaning("ENCRYPTED", _ERROR, _("文件设有打开密码"), _("请取消密码后重新上传")),
    Meaning("FILE_DAMAGED", _ERROR, _("文件已损坏,无法打开"), _("请在Excel或WPS中打开并另存后重新上传")),
    Meaning(
        "TOO_BIG_UNPACKED",
        _ERROR,
        _("文件展开后过大(%(extra)s)"),
        _("请删除空白行列和图片,或拆成几个文件后重新上传"),
    ),
    Meaning("XML_REFUSED", _ERROR, _("文件内含有不允许的实体声明"), _("请在Excel或WPS中另存为.xlsx后重新上传")),
    Meaning("SPLIT_FILE", _ERROR, _("行数超过上限(%(extra)s)"), _("请拆成几个文件上传")),
    Meaning("CHOOSE_SHEET", _ERROR, _("有多张工作表含有数据(%(extra)s)"), _("请选择要导入的工作表")),
    Meaning("SHEET_SKIPPED", _WARNING, _("工作表“%(extra)s”没有需要的表头,未读取"), _("如应导入,请补上表头后重新上传")),
    Meaning("UNMERGE", _ERROR, _("含有合并单元格(%(extra)s)"), _("请取消合并并逐行填写")),
    Meaning("ENCODING", _ERROR, _("有无法识别的文字(行:字节 %(extra)s)"), _("请另存为“CSV UTF-8”或.xlsx后重新上传")),
    Meaning("HEADER_MISSING", _ERROR, _("缺少必需的列:%(extra)s"), _("请补上,或在核对页指定对应的列")),
    Meaning("HEADER_TWICE", _ERROR, _("表头重复:%(extra)s"), _("请只保留一列")),
    Meaning("HEADER_UNKNOWN", _WARNING, _("不认识的列:%(extra)s"), _("该列不会导入,原文保留;如需要请指定对应的列")),
    Meaning("FORMULA_VALUE", _WARNING, _("含有公式的单元格(%(extra)s)"), _("已按显示的结果读取,请核对")),
    Meaning("ALREADY_IMPORTED", _ERROR, _("相同内容已经上传过(%(extra)s)"), _("请核对是否重复上传")),
    Meaning("BUDGET", _ERROR, _("预算不足,余额%(extra)s元"), _("请增加预算或减少名单")),
)

ROW_MEANINGS = (
    Meaning("COLUMN_COUNT", _ERROR, _("列数与表头不一致(%(extra)s)"), _("请检查多余或缺少的分隔符、引号")),
    Meaning("CELL_EMPTY", _ERROR, _("必填项为空"), _("请填写")),
    Meaning("CONTROL_CHAR", _ERROR, _("含有看不见的控制字符"), _("请重新输入该单元格")),
    Meaning("TEXT_LONG", _ERROR, _("超过%(extra)s个字"), _("请缩短")),
    Meaning("TEXT_NORMALISED", _REPAIRED, _("全角字符、空格等已规范"), _("无需处理")),
    Meaning("FORMULA_REFUSED", _ERROR, _("该列不能用公式"), _("请粘贴为数值或文本")),
    Meaning("NAME_EMPTY", _ERROR, _("姓名为空"), _("请填写")),
    Meaning("NAME_SHORT", _ERROR, _("姓名不足2个字"), _("请填写全名")),
    Meaning("NAME_LONG", _ERROR, _("姓名超过30个字"), _("请核对")),
    Meaning("NAME_CHARS", _ERROR, _("姓名含有数字或符号"), _("请核对")),
    Meaning("DOC_TYPE", _ERROR, _("不是居民身份证号的格式"), _("如为其他证件,请在“证件类型”列注明")),
    Meaning("DOC_TYPE_UNKNOWN", _ERROR, _("不认识的证件类型"), _("请填写:%(extra)s")),
    Meaning("DOC_FORMAT", _ERROR, _("证件号码格式不符"), _("请按证件原样填写")),
    Meaning("ID_NUMERIC", _ERROR, _("按数字保存,末几位已丢失"), _("请把该列设为文本后重新输入完整号码")),
    Meaning("ID_ROUNDED", _DOUBT, _("以000结尾,可能被Excel改过"), _("请对照证件确认")),
    Meaning("ID_SCIENTIFIC", _ERROR, _("变成了科学计数法,末几位已丢失"), _("请把该列设为文本后重新输入完整号码")),
    Meaning("ID_LENGTH", _ERROR, _("应为18位,实为%(extra)s位"), _("请补全或删去多余的字符")),
    Meaning("ID_15", _REPAIRED, _("15位旧号已换成18位"), _("无需处理")),
    Meaning("ID_CHECKSUM", _ERROR, _("校验位不符"), _("请核对最后一位")),
    Meaning("ID_DATE", _ERROR, _("号码中的出生日期不存在"), _("请核对第7至14位")),
    Meaning("ID_FUTURE", _ERROR, _("号码中的出生日期晚于今天"), _("请核对第7至14位")),
    Meaning("ID_MISMATCH", _ERROR, _("与证件号码不一致"), _("请核对这一列和证件号码")),
    Meaning("SEX_UNKNOWN", _ERROR, _("不认识的性别"), _("请填写男或女")),
    Meaning("DATE_FORMAT", _ERROR, _("不是日期"), _("请按2025-01-31的样式填写")),
    Meaning("DATE_FUTURE", _ERROR, _("日期晚于今天"), _("请核对")),
    Meaning("DATE_ORDER", _ERROR, _("结束日期早于开始日期"), _("请核对两个日期")),
    Meaning("REGION_UNKNOWN", _ERROR, _("没有这个地区代码"), _("请填写6、9或12位的现行区划代码")),
    Meaning("REGION_RETIRED", _WARNING, _("该地区代码已撤销"), _("已改用%(extra)s,请核对")),
    Meaning("REGION_ENDED", _ERROR, _("该地区代码已撤销,且没有唯一的接续代码"), _("请填写现行代码")),
    Meaning("OUT_OF_SCOPE", _ERROR, _("该地区不在您的管理范围"), _("请核对地区代码,或交由所属单位上传")),
    Meaning("CATEGORY_UNKNOWN", _ERROR, _("不认识的困难类别:%(extra)s"), _("请改用规定的名称,或在核对页指定对应的类别")),
    Meaning("PHONE_FORMAT", _WARNING, _("不像电话号码,未采用"), _("请核对")),
    Meaning("CARD_CHECKSUM", _WARNING, _("不符合银行卡校验规则"), _("如是存折账号可忽略,否则请核对")),
    Meaning("ACCOUNT_FORMAT", _ERROR, _("不是银行账号"), _("请只填写数字账号")),
    Meaning("ACCOUNT_NUMERIC", _ERROR, _("按数字保存,末几位已丢失"), _("请把该列设为文本后重新输入完整账号")),
    Meaning("AMOUNT_FORMAT", _ERROR, _("不是金额"), _("请填写如5000.00的数字,最多两位小数")),
    Meaning("CHOICE_UNKNOWN", _ERROR, _("不是可选的内容"), _("请填写:%(extra)s")),
    Meaning("DUP_IN_FILE", _ERROR, _("与前面的行重复(行号%(extra)s)"), _("请只保留一行")),
    Meaning("IDENTITY_CONFLICT", _DOUBT, _("与已登记的信息不一致"), _("请核对姓名和证件号码")),
    Meaning("ALREADY_COVERED", _WARNING, _("本期已有保障"), _("无需重复投保")),
    Meaning("STATUS_DECEASED", _ERROR, _("已登记为身故"), _("请核实")),
    Meaning("NOT_ELIGIBLE", _ERROR, _("不符合投保条件(%(extra)s)"), _("请核对后移出名单或更正")),
    Meaning("FUNDING_SUM", _ERROR, _("各方出资合计与保费不符"), _("请核对出资金额")),
    Meaning("CHANGED_SINCE_REVIEW", _DOUBT, _("核对之后资料已有变动"), _("请重新核对这一行")),
)

MEANINGS: dict[str, Meaning] = {meaning.code: meaning for meaning in (*FILE_MEANINGS, *ROW_MEANINGS)}
ROW_CODES = frozenset(meaning.code for meaning in ROW_MEANINGS)
SEVERITY_OF: dict[str, str] = {code: meaning.severity.value for code, meaning in MEANINGS.items()}


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A finding about a whole file or sheet; `extra` is its one fact and never personal."""

    code: str
    extra: str = ""
    sheet: str = ""

    @property
    def severity(self) -> Severity:
        return MEANINGS[self.code].severity

    def __str__(self) -> str:
        return describe(self.code, extra=self.extra, sheet=self.sheet)


def describe(
    code: str, column: str = "", line: int | None = None, value_masked: str = "", extra: str = "", sheet: str = ""
) -> str:
    """Place, masked value, cause and remedy in the reader's language.

    `column` is the column's label (empty for the whole row), `line` is missing for a whole file:
    "第17行 身份证号:校验位不符,请核对最后一位".
    """
    facts = {"value": value_masked, "extra": extra, "column": column, "line": line, "sheet": sheet}
    meaning = MEANINGS[code]
    sentence = f"{meaning.cause},{meaning.remedy}" % facts
    place = str(_PLACES[bool(sheet), line is not None] % facts)
    where = " ".join(part for part in (place, column) if part)
    shown = f"({value_masked})" if value_masked else ""
    return f"{where}{shown}:{sentence}" if where or shown else sentence


_PLACES = {
    (False, False): "",
    (True, False): _("工作表“%(sheet)s”"),
    (False, True): _("第%(line)s行"),
    (True, True): _("工作表“%(sheet)s”第%(line)s行"),
}
