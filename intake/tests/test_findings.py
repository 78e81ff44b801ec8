"""Every finding's sentence, word for word."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from intake.findings import (
    FILE_MEANINGS,
    LIST_MEANINGS,
    MEANINGS,
    ROW_MEANINGS,
    VERDICT_CHOICES,
    FileFinding,
    Meaning,
    Severity,
    Verdict,
    describe,
    register_meanings,
)

# code, extra, sentence for line 17 of the column 证件号码 (rows) or for the file
ROWS = [
    ("COLUMN_COUNT", "error", "12/13", "第17行 证件号码：列数与表头不一致（12/13），请检查多余或缺少的分隔符、引号"),
    ("CELL_EMPTY", "error", "", "第17行 证件号码：必填项为空，请填写"),
    ("CONTROL_CHAR", "error", "", "第17行 证件号码：含有看不见的控制字符，请重新输入该单元格"),
    ("TEXT_LONG", "error", "200", "第17行 证件号码：超过200个字，请缩短"),
    ("TEXT_NORMALISED", "repaired", "", "第17行 证件号码：全角字符、空格等已规范，无需处理"),
    ("UNMERGE", "error", "A2:A5", "第17行 证件号码：含有合并单元格（A2:A5），请取消合并并逐行填写"),
    ("CELL_ERROR", "error", "", "第17行 证件号码：单元格显示错误，或公式没有结果，请直接填写内容后重新上传"),
    ("FORMULA_REFUSED", "error", "", "第17行 证件号码：该列不能用公式，请粘贴为数值或文本"),
    ("NAME_EMPTY", "error", "", "第17行 证件号码：姓名为空，请填写"),
    ("NAME_SHORT", "error", "", "第17行 证件号码：姓名不足2个字，请填写全名"),
    ("NAME_LONG", "error", "", "第17行 证件号码：姓名超过30个字，请核对"),
    ("NAME_CHARS", "error", "", "第17行 证件号码：姓名含有数字或符号，请核对"),
    ("DOC_TYPE", "error", "", "第17行 证件号码：不是居民身份证号的格式，如为其他证件，请在“证件类型”列注明"),
    ("DOC_TYPE_UNKNOWN", "error", "居民身份证、护照", "第17行 证件号码：不认识的证件类型，请填写：居民身份证、护照"),
    ("DOC_FORMAT", "error", "", "第17行 证件号码：证件号码格式不符，请按证件原样填写"),
    ("ID_NUMERIC", "error", "", "第17行 证件号码：按数字保存，末几位已丢失，请把该列设为文本后重新输入完整号码"),
    ("ID_ROUNDED", "doubt", "", "第17行 证件号码：以000结尾，可能被Excel改过，请对照证件确认"),
    ("ID_SCIENTIFIC", "error", "", "第17行 证件号码：变成了科学计数法，末几位已丢失，请把该列设为文本后重新输入完整号码"),
    ("ID_LENGTH", "error", "17", "第17行 证件号码：应为18位，实为17位，请补全或删去多余的字符"),
    ("ID_15", "repaired", "", "第17行 证件号码：15位旧号已换成18位，无需处理"),
    ("ID_CHECKSUM", "error", "", "第17行 证件号码：校验位不符，请核对最后一位"),
    ("ID_DATE", "error", "", "第17行 证件号码：号码中的出生日期不存在，请核对第7至14位"),
    ("ID_FUTURE", "error", "", "第17行 证件号码：号码中的出生日期晚于今天，请核对第7至14位"),
    ("ID_MISMATCH", "error", "", "第17行 证件号码：与证件号码不一致，请核对这一列和证件号码"),
    ("SEX_UNKNOWN", "error", "", "第17行 证件号码：不认识的性别，请填写男或女"),
    ("DATE_FORMAT", "error", "", "第17行 证件号码：不是日期，请按2025-01-31的样式填写"),
    ("DATE_FUTURE", "error", "", "第17行 证件号码：日期晚于今天，请核对"),
    ("DATE_ORDER", "error", "", "第17行 证件号码：结束日期早于开始日期，请核对两个日期"),
    ("REGION_UNKNOWN", "error", "", "第17行 证件号码：没有这个地区代码，请填写6、9或12位的现行区划代码"),
    ("REGION_RETIRED", "warning", "451081", "第17行 证件号码：该地区代码已撤销，已改用451081，请核对"),
    ("REGION_ENDED", "error", "", "第17行 证件号码：该地区代码已撤销，且没有唯一的接续代码，请填写现行代码"),
    ("OUT_OF_SCOPE", "error", "", "第17行 证件号码：该地区不在您的管理范围，请核对地区代码，或交由所属单位上传"),
    (
        "CATEGORY_UNKNOWN",
        "error",
        "特困",
        "第17行 证件号码：不认识的困难类别：特困，请在文件中改为方案规定的类别名称后重新上传",
    ),
    ("PHONE_FORMAT", "warning", "", "第17行 证件号码：不像电话号码，未采用，请核对"),
    ("PHONE_SEVERAL", "repaired", "", "第17行 证件号码：有多个电话号码，只保留第一个，请把常用号码写在最前"),
    ("CARD_CHECKSUM", "warning", "", "第17行 证件号码：不符合银行卡校验规则，如是存折账号可忽略，否则请核对"),
    ("ACCOUNT_FORMAT", "error", "", "第17行 证件号码：不是银行账号，请只填写数字账号"),
    ("ACCOUNT_NUMERIC", "error", "", "第17行 证件号码：按数字保存，末几位已丢失，请把该列设为文本后重新输入完整账号"),
    ("AMOUNT_FORMAT", "error", "", "第17行 证件号码：不是金额，请填写如5000.00的数字，最多两位小数"),
    ("CHOICE_UNKNOWN", "error", "是、否", "第17行 证件号码：不是可选的内容，请填写：是、否"),
    ("REPLACED", "repaired", "更正.xlsx 2", "第17行 证件号码：已由后来上传的行更正（更正.xlsx 2），无需处理"),
    ("DUP_IN_FILE", "error", "3", "第17行 证件号码：与前面的行重复（行号3），请只保留一行"),
    ("IDENTITY_CONFLICT", "doubt", "", "第17行 证件号码：与已登记的信息不一致，请核对姓名和证件号码"),
    ("ALREADY_COVERED", "warning", "", "第17行 证件号码：本期已有保障，无需重复投保"),
    ("CATEGORY_ADDED", "warning", "孤儿", "第17行 证件号码：本期已保障：增加类别 孤儿，不重复投保，无需处理"),
    ("CONTACT_ADDED", "warning", "", "第17行 证件号码：本期已保障：补充尚未登记的联系信息，不重复投保，无需处理"),
    ("NOT_KNOWN", "error", "", "第17行 证件号码：本机构在该项目中没有登记此证件号码的人员，请核对号码；新人员请用投保名单上传"),
    ("ACCOUNT_CHANGED", "warning", "", "第17行 证件号码：与此人已登记的银行账号不同，请核对存折或银行卡"),
    ("CATEGORY_NOT_HELD", "error", "孤儿", "第17行 证件号码：要终止的类别没有登记：孤儿，请删除该类别，或填写起始日期"),
    ("NOTHING_TO_END", "error", "", "第17行 证件号码：没有可终止的保障（有效或待完成环节），请核对人员和最后一天"),
    ("NOT_COVERED_BEFORE", "error", "", "第17行 证件号码：在本机构没有往期的有效保障，新人员请用投保名单上传"),
    ("ENDED_EARLY", "error", "迁出", "第17行 证件号码：上期保障已提前终止（迁出），无需处理；如需重新参加，请通过投保名单办理"),
    ("COVER_WAITS", "error", "", "第17行 证件号码：上期保障尚有环节未完成，请先登记该环节，再重新发起续保"),
    ("TAKEN_OVER", "error", "", "第17行 证件号码：该人员已转由本项目其他经办机构管理，由接收机构办理投保"),
    ("NOT_PROCESSED", "error", "", "第17行 证件号码：目前不予处理，请咨询个人信息保护负责人"),
    ("STATUS_DECEASED", "error", "", "第17行 证件号码：已登记为身故，请核实"),
    ("NOT_ELIGIBLE", "error", "年龄", "第17行 证件号码：不符合投保条件（年龄），请核对后移出名单或更正"),
    ("NOT_FUNDED", "error", "没有财政出资方",
     "第17行 证件号码：没有出资方承担该行保费：没有财政出资方，请财务补全出资方和出资方式后重新上传"),
    ("FUNDING_SUM", "error", "", "第17行 证件号码：各方出资合计与保费不符，请核对出资金额"),
    ("NO_BUDGET", "error", "", "第17行 证件号码：该县该类别预算不足，预算追加后请重新上传该行"),
    ("LAPSED", "error", "", "第17行 证件号码：承保截止时该行尚未承保，请在下一年度重新上传"),
    ("CHANGED_SINCE_REVIEW", "doubt", "", "第17行 证件号码：核对之后资料已有变动，请重新核对这一行"),
    ("SAME_PERSON", "doubt", "", "第17行 证件号码：已有同名、同出生日期的人以另一证件登记，请判定是否同一人"),
    (
        "SAME_PERSON_SEVERAL", "doubt", "",
        "第17行 证件号码：已有多名同名、同出生日期的人以其他证件登记，请核对证件，再按另一人接受或不通过",
    ),
    ("REGION_MOVED", "doubt", "", "第17行 证件号码：此人登记在另一个县（区），请判定是否已迁移：迁移后由迁入县（区）承担保费"),
    ("ACCOUNT_CHANGED", "warning", "", "第17行 证件号码：与此人已登记的银行账号不同，请核对存折或银行卡"),
    ("DECIDED_ACCEPTED", "repaired", "原件已核", "第17行 证件号码：经处理已接受，理由：原件已核"),
    ("DECIDED_SAME", "repaired", "原件已核", "第17行 证件号码：经处理认定为已登记的人员，理由：原件已核"),
    ("DECIDED_CORRECTED", "repaired", "原件已核", "第17行 证件号码：经处理认定为已登记的人员，姓名和证件待更正，理由：原件已核"),
    ("DECIDED_AGAINST", "error", "非本人", "第17行 证件号码：经处理不通过，理由：非本人"),
]
LISTS = [
    ("CODE_FORMAT", "error", "H + 11", "第17行 证件号码：代码的样式不符（H + 11），请按官方目录填写"),
    ("NAME_TAKEN", "error", "dibao", "第17行 证件号码：该名称已属于另一代码（dibao），请换一个名称，或填写该代码"),
    ("NUMBER_FORMAT", "error", "1–7", "第17行 证件号码：不是整数，请填写1–7之间的数"),
    ("NOT_DESIGNATED", "error", "", "第17行 证件号码：填了日期却不是定点，请填写为定点，或清空日期"),
    ("ENDS_BEFORE", "error", "", "第17行 证件号码：结束不晚于开始，请核对两个日期"),
    ("WORKED_WEEKDAY", "error", "", "第17行 证件号码：周一至周五本来就上班，请填写为放假或照常，或核对日期"),
    ("ABOVE_UNKNOWN", "error", "441602", "第17行 证件号码：没有它的上级地区（441602），请补上该地区的一行"),
    ("SUCCESSOR_WRONG", "error", "", "第17行 证件号码：该地区不能作为其现区划，请填写同一级别的已有地区"),
    ("SUCCESSOR_EARLY", "error", "", "第17行 证件号码：填了现区划代码却没有停用日期，请填写停用日期，或清空现区划代码"),
]
FILES = [
    (
        "TOO_MANY_CONFLICTS", "error", "",
        "与登记信息不符的行过多：文件已关闭，审计员可以看到，请对照证件核对姓名和证件号码，明日再上传",
    ),
    ("EMPTY", "error", "", "文件是空的，请检查后重新上传"),
    ("NO_ROWS", "error", "", "只有表头，没有数据，请填写数据后重新上传"),
    ("TYPE_MISMATCH", "error", "PDF", "这不是可以读取的表格（PDF），请在Excel或WPS中另存为.xlsx或CSV后重新上传"),
    ("MACRO_REFUSED", "error", "", "文件带有宏，请另存为不带宏的.xlsx后重新上传"),
    ("ENCRYPTED", "error", "", "文件设有打开密码，请取消密码后重新上传"),
    ("FILE_DAMAGED", "error", "", "文件已损坏，无法打开，请在Excel或WPS中打开并另存后重新上传"),
    ("TOO_BIG_UNPACKED", "error", "4096 MB", "文件展开后过大（4096 MB），请删除空白行列和图片，或拆成几个文件后重新上传"),
    ("XML_REFUSED", "error", "", "文件内含有不允许的实体声明，请在Excel或WPS中另存为.xlsx后重新上传"),
    ("SPLIT_FILE", "error", "20,000,000", "行数超过上限（20,000,000），请拆成几个文件上传"),
    ("CHOOSE_SHEET", "error", "城东、城西", "有多张工作表含有数据（城东、城西），请只保留要导入的工作表后重新上传"),
    ("SHEET_SKIPPED", "warning", "别的", "工作表“别的”没有需要的表头，未读取，如应导入，请补上表头后重新上传"),
    ("SHEET_HIDDEN", "warning", "旧表", "工作表“旧表”已隐藏，未读取，如应导入，请在Excel或WPS中取消隐藏后重新上传"),
    ("FILLED_DOWN", "warning", "12", "合并单元格已向下填充（12处），请核对各行的内容"),
    ("TOTAL_ROWS", "warning", "9、17", "合计行未导入（行号9、17），如其中有人员，请更正后重新上传"),
    ("NOTE_ROWS", "warning", "18", "填表人、备注等行未导入（行号18），如其中有人员，请更正后重新上传"),
    ("HEADER_REPEATED", "warning", "41、81", "重复的标题和表头未导入（行号41、81），无需处理"),
    ("ENCODING", "error", "8:1064", "有无法识别的文字（行：字节 8:1064），请另存为“CSV UTF-8”或.xlsx后重新上传"),
    ("HEADER_MISSING", "error", "姓名、证件号码", "缺少必需的列：姓名、证件号码，请补上，或把对应的表头改为模板中的名称后重新上传"),
    ("HEADER_TWICE", "error", "证件号码", "表头重复：证件号码，请只保留一列"),
    ("HEADER_UNKNOWN", "warning", "备注", "不认识的列：备注，该列不会导入，原文保留；如需要请把表头改为模板中的名称后重新上传"),
    ("FORMULA_VALUE", "warning", "12", "含有公式的单元格（12），已按显示的结果读取，请核对"),
    ("ALREADY_IMPORTED", "error", "2026-01-01", "相同内容已经上传过（2026-01-01），请核对是否重复上传"),
    ("BUDGET", "error", "100.00", "预算不足，余额100.00元，请增加预算或减少名单"),
]


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


@pytest.mark.parametrize(("code", "severity", "extra", "sentence"), ROWS + LISTS)
def test_row_finding_says_place_cause_and_remedy(code, severity, extra, sentence):
    assert describe(code, "证件号码", 17, extra=extra) == sentence
    assert MEANINGS[code].severity == severity


@pytest.mark.parametrize(("code", "severity", "extra", "sentence"), FILES)
def test_file_finding_says_cause_and_remedy(code, severity, extra, sentence):
    finding = FileFinding(code, extra)
    assert str(finding) == sentence
    assert finding.severity == severity


def test_every_code_of_the_catalogue_has_its_sentence_here():
    # Rooms above register their own, and say them in their own tests.
    own = {meaning.code for meaning in (*FILE_MEANINGS, *ROW_MEANINGS, *LIST_MEANINGS)}
    assert {code for code, *_ in ROWS + LISTS + FILES} == own


def test_a_code_means_one_thing():
    with pytest.raises(ValueError, match="EMPTY means something already"):
        register_meanings([Meaning("EMPTY", Severity.ERROR, "cause", "remedy")])


def test_place_names_the_sheet_and_shows_the_masked_value():
    said = describe("DUP_IN_FILE", "证件号码", 17, "4416**********1219", extra="3", sheet="城东村")
    assert said == "工作表“城东村”第17行 证件号码（4416**********1219）：与前面的行重复（行号3），请只保留一行"


def test_a_percent_sign_in_a_fact_is_only_text():
    assert (
        describe("HEADER_UNKNOWN", extra="比例(%)")
        == "不认识的列：比例(%)，该列不会导入，原文保留；如需要请把表头改为模板中的名称后重新上传"
    )


def test_severities_weigh_from_repaired_to_error():
    assert [severity.weight for severity in (Severity.REPAIRED, Severity.WARNING, Severity.DOUBT, Severity.ERROR)] == [
        1,
        2,
        3,
        4,
    ]


def test_verdicts_keep_their_numbers_and_words():
    assert [(int(verdict), verdict.name) for verdict in Verdict] == [
        (1, "NEW"), (2, "CHANGED"), (3, "UNCHANGED"), (4, "COVERED"), (5, "DOUBTFUL"), (6, "REFUSED"),
        (7, "REPLACED"),
    ]  # fmt: skip
    assert [str(label) for _, label in VERDICT_CHOICES] == ["新增", "有变动", "无变动", "已有保障", "待确认", "未通过", "已更正"]


def test_sentences_are_complete_in_english():
    with override("en"):
        assert describe("ID_CHECKSUM", "ID number", 17) == (
            "Line 17 ID number: the check character does not fit; check the last character."
        )
        assert describe("EMPTY") == "The file is empty; check it and upload it again."
