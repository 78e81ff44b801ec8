"""The layout of a bureau's settlement records: what every file has, and a column for each kind of expenses of the plans."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from beneficiaries.columns import DOCUMENTS
from benefits.terms import PlanTerms
from intake.columns import Column
from programs.expense_columns import LOCALITIES, SETTINGS, columns_of_kinds

#: Words of a file's own language stay Chinese: they are the headings that bureaus use.
COLUMNS: tuple[Column, ...] = (
    Column(
        "settlement_number", "结算单号", ("结算编号", "结算ID", "结算流水号", "医保结算单号", "清单流水号", "结算清单号"),
        required=True,
        max_length=60, example="44160020270315000123",
        help=_("The bureau's own number of the settlement; each is taken in once in a program."),
    ),
    Column(
        "name", "姓名", ("人员姓名", "患者姓名", "参保人姓名", "参保人"), clean="name", personal="name", required=True,
        example="王小明", help=_("Of the person who was treated."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类", "人员证件类型"), clean="document_type", choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "社会保障号码", "身份证"), clean="document",
        required=True,
        personal="document", companions={"type": "document_type"}, example="441602196203151219",
        help=_("18 characters; format the column as text before typing."),
    ),
    Column(
        "hospital_code", "医院代码", ("医疗机构代码", "定点医疗机构编号", "定点医药机构编号", "医药机构编号", "机构代码"),
        max_length=20,
        example="H44160000001", help=_("The national code of the medical institution."),
    ),
    Column(
        "hospital", "医院名称", ("医院", "医疗机构名称", "定点医疗机构名称", "定点医药机构名称", "医药机构名称", "就诊医院"),
        required=True,
        max_length=100, example="河源市人民医院",
    ),
    Column(
        "admitted_on", "入院日期", ("就诊日期", "开始日期", "入院时间"), clean="date", example="2027-03-01",
        help=_("Needed for a stay in hospital."),
    ),
    Column(
        "discharged_on", "出院日期", ("出院时间", "结束日期"), clean="date", required=True, example="2027-03-15",
        help=_("Of a visit, its day; it must lie in the cover."),
    ),
    Column(
        "settled_on", "结算日期", ("结算时间", "医保结算日期"), clean="date", example="2027-03-16",
        help=_("Limits and deductibles are used up in its order; empty means the day of discharge."),
    ),
    Column(
        "setting", "就医方式", ("医疗类别", "就医类型", "就诊类型"), clean="choice", choices=tuple(SETTINGS), example="住院",
        help=_("Empty means in hospital."),
    ),
    Column(
        "locality", "就医地", ("就医地点", "异地标识", "是否异地"), clean="choice", choices=tuple(LOCALITIES), example="本地",
        help=_("Empty means here."),
    ),
    Column(
        "diagnosis", "诊断", ("主要诊断", "出院诊断", "诊断代码", "主诊断代码", "疾病编码", "疾病诊断"), max_length=200,
        personal="health",
        example="C34.9", help=_("Code or words; kept sealed."),
    ),
    Column(
        "total", "医疗总费用", ("总费用", "费用总额", "医疗费总额", "医疗费用总额", "总金额"), required=True, clean="amount",
        example="52000.00",
        help=_("Yuan."),
    ),
    Column(
        "fund", "统筹基金支付", ("基本医保统筹基金支付", "统筹支付", "基本医疗保险统筹基金支出", "医保统筹支付", "基本医保支付"),
        required=True, clean="amount", example="20000.00", help=_("Yuan."),
    ),
    Column(
        "major_illness", "大病保险支付", ("大病支付", "居民大病保险资金支出", "大病保险报销", "职工大额医疗费用补助"),
        clean="amount",
        example="3000.00", help=_("Yuan."),
    ),
    Column(
        "assistance", "医疗救助支付", ("医疗救助", "医疗救助基金支出", "救助支付"), clean="amount", example="0.00", help=_("Yuan."),
    ),
    Column(
        "others", "其他支付", ("其他基金支付", "其他支出"), clean="amount", example="0.00",
        help=_("Yuan, of all others: beside the pooled fund, major-illness insurance and assistance."),
    ),
    Column(
        "account_paid", "个人账户支付", ("个人账户", "个账支付", "个人账户支出"), clean="amount", example="1000.00",
        help=_("Yuan."),
    ),
    Column("cash", "个人现金支付", ("现金支付", "个人现金", "个人现金支出"), clean="amount", example="28000.00", help=_("Yuan.")),
    Column(
        "invoice_code", "票据代码", ("医疗票据代码", "电子票据代码", "发票代码"), max_length=20, example="44060125",
        help=_("Of the medical invoice, where the bureau knows it; with its number."),
    ),
    Column(
        "invoice_number", "票据号码", ("医疗票据号码", "电子票据号码", "发票号码", "票据号"), max_length=20, example="0012345678",
        help=_("Of the medical invoice, where the bureau knows it: nobody is paid twice for one."),
    ),
)


def columns_of(terms: Iterable[PlanTerms]) -> tuple[Column, ...]:
    """The common columns, and one for each kind of expenses that these plans count."""
    told = _("Yuan that were left to pay after the pooled fund and all others; at least one kind is filled in.")
    return (*COLUMNS, *columns_of_kinds(terms, told=told))
