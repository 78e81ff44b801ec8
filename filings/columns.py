"""The layout of a file of claims: what every file has, and a column for each kind of expense that a program's plans know."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from beneficiaries.columns import DOCUMENTS
from benefits import wording
from benefits.terms import KINDS, Expense, PlanTerms
from claims.models import EventKind, Payee, Reporter
from intake.columns import Column
from programs.expense_columns import KIND, LOCALITIES, SETTINGS, YES_OR_NO

#: Words of files for what cases know by codes; the first of each is the one of the blank template.
EVENT_KINDS = {
    "疾病": EventKind.ILLNESS, "意外": EventKind.ACCIDENT, "意外伤害": EventKind.ACCIDENT, "意外事故": EventKind.ACCIDENT,
    "生病": EventKind.ILLNESS,
}
PAYEES = {
    "本人": Payee.SELF, "被保险人": Payee.SELF, "监护人": Payee.GUARDIAN, "父母": Payee.GUARDIAN, "父亲": Payee.GUARDIAN,
    "母亲": Payee.GUARDIAN, "继承人": Payee.HEIR, "受益人": Payee.HEIR, "代办人": Payee.AGENT, "代理人": Payee.AGENT,
    "医院": Payee.HOSPITAL, "医疗机构": Payee.HOSPITAL,
}
REPORTERS = {
    "本人": Reporter.SELF, "监护人": Reporter.GUARDIAN, "亲属": Reporter.RELATIVE, "家属": Reporter.RELATIVE,
    "代办人": Reporter.AGENT, "村干部": Reporter.AGENT, "村协办员": Reporter.AGENT,
}
#: Word tables by column.
WORDS = {
    "event_kind": EVENT_KINDS, "setting": SETTINGS, "locality": LOCALITIES, "settled": YES_OR_NO, "payee": PAYEES,
    "reporter": REPORTERS,
}
_YUAN = _("Yuan, as printed on the invoice.")


def _amount(key: str, label: str, *synonyms: str, example: str = "0.00") -> Column:
    return Column(key, label, synonyms, clean="amount", example=example, help=_YUAN)


#: Amounts of an invoice, by the fields of a bill.
AMOUNTS = (
    _amount("total", "票据总金额", "总额", "总金额", "医疗总费用", "总费用", "发票金额", "费用总额", example="52000.00"),
    _amount("fund", "医保统筹支付", "统筹支付", "医保统筹基金支付", "基本医保支付", "医保支付", "医保报销", example="20000.00"),
    _amount("major_illness", "大病保险支付", "大病支付", "大病报销"),
    _amount("assistance", "医疗救助支付", "救助支付", "医疗救助"),
    _amount("others", "其他支付", "其他报销"),
    _amount("account_paid", "个人账户支付", "个账支付", "医保个账支付"),
    _amount("cash", "个人现金支付", "现金支付", "个人支付", example="32000.00"),
    _amount("self_paid", "个人自付", "自付"),
    _amount("self_funded", "个人自费", "自费"),
    _amount("third_party", "第三方支付", "第三方赔付"),
    _amount("commercial", "其他商业保险支付", "商保支付", "商业保险支付"),
)
# Words of a file's own language stay Chinese: they are the headings that senders use.
COLUMNS: tuple[Column, ...] = (
    Column(
        "claim_number", "报案号", ("赔案号", "理赔号", "赔案编号", "案件号", "报案编号", "立案号", "理赔案号"), required=True,
        max_length=60, example="BA20270315000123",
        help=_("The sender's own number; lines with one number are bills of one case. Names of papers begin with it."),
    ),
    Column(
        "number", "保障凭证号", ("凭证号", "保障凭证编号", "我方编号", "客户号"), max_length=60, example="HMB-2027-000000012345",
        help=_("Our number of the cover; else the document number, else a policy number of one person."),
    ),
    Column(
        "policy_number", "保单号", ("保险单号", "保单号码", "个人保单号", "分单号", "个单号"), max_length=60,
        example="PA2027000001",
        help=_("The insurer's own number, where one person stands under it."),
    ),
    Column(
        "name", "姓名", ("被保险人姓名", "被保险人", "出险人姓名", "出险人", "保障对象姓名"), clean="name", personal="name",
        required=True, example="王小明", help=_("Of the person who is insured."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type", choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证", "被保险人证件号码", "出险人证件号码"),
        clean="document", personal="document", companions={"type": "document_type"}, example="441602196203151219",
        help=_("18 characters; format the column as text before typing."),
    ),
    Column(
        "event_on", "出险日期", ("事故日期", "就诊日期", "就医日期", "发病日期"), required=True, clean="date", example="2027-03-15",
        help=_("The day of the event; a cover must be in force on it."),
    ),
    Column(
        "event_time", "出险时间", ("事故时间", "时间"), max_length=10, example="14:30",
        help=_("Needed for cover that runs from hour to hour; else empty."),
    ),
    Column(
        "event_kind", "出险类型", ("事故类型", "出险原因类型"), clean="choice", choices=tuple(EVENT_KINDS), example="疾病",
        help=_("Empty means illness."),
    ),
    Column(
        "diagnosis", "诊断", ("疾病诊断", "疾病编码", "诊断编码", "出险原因", "疾病名称", "诊断名称"), max_length=200,
        personal="health", example="C34.9", help=_("Code (ICD-10) or words."),
    ),
    Column("hospital", "医院", ("就诊医院", "医院名称", "医疗机构", "就医机构"), max_length=100, example="河源市人民医院"),
    Column(
        "setting", "就医方式", ("就医类型", "医疗类别", "就诊类型"), clean="choice", choices=tuple(SETTINGS), example="住院",
        help=_("Empty: in hospital where there are days of a stay, else outpatient."),
    ),
    Column(
        "locality", "就医地", ("就医地点", "是否异地", "异地标识"), clean="choice", choices=tuple(LOCALITIES), example="本地",
        help=_("Empty means here."),
    ),
    Column(
        "settled", "是否经医保结算", ("经医保结算", "医保结算", "是否医保结算"), clean="choice", choices=tuple(YES_OR_NO),
        example="是", help=_("Empty means yes."),
    ),
    Column("admitted_on", "入院日期", ("住院日期", "入院时间"), clean="date", example="2027-03-15"),
    Column("discharged_on", "出院日期", ("出院时间",), clean="date", example="2027-03-22"),
    Column(
        "issued_on", "开票日期", ("票据日期", "发票日期"), clean="date", example="2027-03-22",
        help=_("Empty means the day of discharge, else of the event."),
    ),
    Column("invoice_code", "票据代码", ("发票代码",), max_length=20, example="44060127", help=_("8 digits.")),
    Column(
        "invoice_number", "票据号码", ("发票号码", "发票号", "票据号"), max_length=20, example="0012345678",
        help=_("10 digits. An invoice counts once in the whole portal."),
    ),
    Column("check_code", "校验码", ("票据校验码",), max_length=20, example="a1b2c3"),
    *AMOUNTS,
    Column("payee_name", "收款人姓名", ("收款人", "户名", "账户名", "领款人姓名"), clean="name", personal="name", example="王小明"),
    Column(
        "payee_account", "收款账号", ("银行账号", "收款人账号", "银行卡号", "账号"), clean="card", personal="card",
        example="6228480000000007", help=_("Format the column as text before typing. Empty: it is stated later."),
    ),
    Column("bank_name", "开户行", ("开户银行", "开户行名称"), max_length=200, example="中国农业银行河源分行"),
    Column("bank_code", "行号", ("联行号", "开户行行号"), max_length=20, example="103598000011", help=_("12 digits.")),
    Column(
        "payee", "收款人与被保险人关系", ("与被保险人关系", "收款人关系"), clean="choice", choices=tuple(PAYEES), example="本人",
        help=_("Empty means the insured person."),
    ),
    Column("reporter_name", "报案人", ("报案人姓名", "申请人", "经办人"), clean="name", personal="name", example="李村长"),
    Column(
        "reporter", "报案人身份", ("报案人与被保险人关系", "报案人类型"), clean="choice", choices=tuple(REPORTERS),
        example="代办人",
        help=_("Empty means the insured person where the name is theirs, else an agent."),
    ),
    Column("reporter_phone", "联系电话", ("报案人电话", "手机号", "电话"), clean="phone", personal="phone", example="13800001234"),
    Column(
        "reported_on", "报案日期", ("报案时间", "申请日期"), clean="date", example="2027-03-25",
        help=_("Empty means the day of approval."),
    ),
)

def columns_of(terms: Iterable[PlanTerms]) -> tuple[Column, ...]:
    """The common columns and those of these plans: what was charged of each kind, before anybody paid."""
    kinds: dict[str, list[str]] = {}
    for each in terms:
        own = {kind.code: kind.name.zh for kind in each.kinds}
        for responsibility in each.responsibilities:
            for kind in responsibility.counts if isinstance(responsibility, Expense) else ():
                kinds.setdefault(kind, []).append(own.get(kind) or wording.KINDS.get(kind, (kind,))[0])
    if not kinds:
        kinds = {kind: [wording.KINDS[kind][0]] for kind in KINDS}
    return (*COLUMNS, *(_of_kind(kind, names) for kind, names in kinds.items()))


def _of_kind(kind: str, names: list[str]) -> Column:
    said = list(dict.fromkeys(names))
    synonyms = [*said, *(f"{name}{more}" for name in said for more in ("总额", "金额"))]
    return Column(
        f"{KIND}{kind}"[:40], f"{said[0]}费用", tuple(dict.fromkeys(synonyms)), clean="amount", example="0.00",
        help=_("Yuan that the invoice charges of this kind, before anybody paid; together they are its total."),
    )
