"""The layout of a report of payouts: what every report has, and the columns that a program's plans add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from beneficiaries.columns import DOCUMENTS
from benefits.terms import PlanTerms
from intake.columns import Column
from programs.expense_columns import LOCALITIES, SETTINGS, YES_OR_NO, columns_of_kinds
from results.models import BankResult

BANK_RESULTS = {
    "成功": BankResult.PAID, "支付成功": BankResult.PAID, "已支付": BankResult.PAID, "已到账": BankResult.PAID,
    "失败": BankResult.FAILED, "支付失败": BankResult.FAILED, "退票": BankResult.RETURNED, "退汇": BankResult.RETURNED,
    "未知": BankResult.UNKNOWN, "处理中": BankResult.UNKNOWN,
}
#: Words of a file's own language stay Chinese: they are the headings that insurers use.
COLUMNS: tuple[Column, ...] = (
    Column(
        "claim_number", "赔案号", ("理赔号", "赔案编号", "案件号", "理赔案号", "报案号", "立案号"), required=True, max_length=60,
        example="PA20270315000123", help=_("The insurer's own number of the claim; each stands once in a program."),
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
        required=True,
        example="王小明", help=_("Of the person who is insured."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type", choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证", "被保险人证件号码", "出险人证件号码"),
        clean="document",
        personal="document", companions={"type": "document_type"}, example="441602196203151219",
        help=_("18 characters; format the column as text before typing."),
    ),
    Column(
        "event_on", "出险日期", ("事故日期", "就诊日期", "入院日期", "就医日期"), required=True, clean="date", example="2027-03-15",
        help=_("The day of the event; it must lie in the cover."),
    ),
    Column("hospital", "医院", ("就诊医院", "医院名称", "医疗机构", "就医机构"), max_length=100, example="河源市人民医院"),
    Column(
        "diagnosis", "诊断", ("疾病诊断", "出险原因", "疾病名称", "诊断名称", "疾病编码"), max_length=200, personal="health",
        example="C34.9",
        help=_("Code or words; kept sealed."),
    ),
    Column(
        "bill_number", "票据号码", ("发票号码", "发票号", "票据号", "结算单号"), max_length=60, example="0012345678",
        help=_("One person, event and bill are paid once."),
    ),
    Column(
        "cost", "医疗总费用", ("总费用", "费用总额", "票据总金额", "发票金额", "总金额"), clean="amount", example="52000.00",
        help=_("Yuan."),
    ),
    Column(
        "basic_paid", "基本医保支付", ("医保支付", "医保统筹支付", "医保报销", "基本医保报销", "统筹支付"), clean="amount",
        example="20000.00",
        help=_("Yuan."),
    ),
    Column(
        "others_paid", "其他支付", ("其他赔付", "大病医疗救助支付", "第三方支付", "其他报销"), clean="amount", example="3000.00",
        help=_("Yuan, of all others together: major-illness insurance, assistance, other insurers."),
    ),
    Column(
        "setting", "就医方式", ("就医类型", "医疗类别", "就诊类型"), clean="choice", choices=tuple(SETTINGS), example="住院",
        help=_("Empty means in hospital."),
    ),
    Column(
        "locality", "就医地", ("就医地点", "是否异地", "异地标识"), clean="choice", choices=tuple(LOCALITIES), example="本地",
        help=_("Empty means here."),
    ),
    Column(
        "settled", "是否经医保结算", ("经医保结算", "医保结算", "是否医保结算"), clean="choice", choices=tuple(YES_OR_NO),
        example="是",
        help=_("Empty means yes."),
    ),
    Column(
        "pre_existing", "是否既往症", ("既往症", "既往症标识"), clean="choice", choices=tuple(YES_OR_NO), example="否",
        help=_("Empty means as the portal knows it, else no."),
    ),
    Column(
        "paid", "赔付金额", ("赔款金额", "实付金额", "理赔金额", "赔付总额", "给付金额", "赔付合计"), required=True, clean="amount",
        example="15400.00", help=_("Yuan, of all responsibilities together; 0.00 where nothing is paid."),
    ),
    Column(
        "paid_on", "赔付日期", ("支付日期", "付款日期", "给付日期", "结案日期", "到账日期"), required=True, clean="date",
        example="2027-04-02",
        help=_("The day of payment: limits and deductibles are used up in its order."),
    ),
    Column(
        "last_four", "账号后四位", ("收款账号后四位", "卡号后四位", "账户尾号", "收款账号尾号", "收款账号"), max_length=40,
        personal="card",
        example="0007", help=_("The last four digits; more are cut off."),
    ),
    Column(
        "bank_result", "支付结果", ("银行结果", "付款结果", "转账结果", "支付状态"), clean="choice", choices=tuple(BANK_RESULTS),
        example="成功",
        help=_("Failed and returned payments are recorded and count towards no limit."),
    ),
)
#: How columns of responsibilities are called.
PART = "paid:"


def columns_of(terms: Iterable[PlanTerms]) -> tuple[Column, ...]:
    """The common columns and those of these plans: what each responsibility paid, what was left to pay of each kind."""
    held = list(terms)
    parts: dict[str, list[str]] = {}
    for each in held:
        for responsibility in each.responsibilities:
            parts.setdefault(responsibility.code, []).append(responsibility.name.zh)
    told = _("Yuan that were left to pay after basic insurance and all others; needed for a recalculation.")
    return (*COLUMNS, *columns_of_kinds(held, told=told), *_of_parts(parts))


def _of_parts(parts: Mapping[str, list[str]]) -> list[Column]:
    found = []
    for code, names in parts.items():
        first, *others = (f"{name}赔付" for name in dict.fromkeys(names))
        synonyms = [f"{name}{more}" for name in dict.fromkeys(names) for more in ("赔付金额", "赔款", "赔付额")]
        found.append(Column(
            f"{PART}{code}"[:40], first, tuple(dict.fromkeys([*others, *synonyms])), clean="amount", example="0.00",
            help=_("Yuan that this responsibility paid."),
        ))
    return found
