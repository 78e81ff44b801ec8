"""The plain layout of a roster: one declaration for reading, checking, the blank template and the documentation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.columns import Column

DOCUMENTS = ("居民身份证", "港澳居民居住证", "台湾居民居住证", "外国人永久居留身份证", "护照")
#: Words of a file's own language stay Chinese: they are the headings that offices use.
COLUMNS = (
    Column(
        "name", "姓名", ("家庭成员姓名", "参保人姓名", "对象姓名"), required=True, clean="name", personal="name",
        example="王小明", help=_("As on the document; no titles, no blanks."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type",
        choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证"), required=True, clean="document",
        personal="document", companions={"type": "document_type", "birth": "birth_on", "sex": "sex"},
        example="441602196203151219", help=_("18 characters; format the column as text before typing."),
    ),
    Column("sex", "性别", clean="sex", choices=("男", "女"), example="男", help=_("Checked against the document number.")),
    Column(
        "birth_on", "出生日期", ("出生年月", "出生年月日"), clean="birth", example="1962-03-15",
        help=_("Checked against the document number; taken from it when empty."),
    ),
    Column(
        "region_code", "户籍地区代码", ("户籍所在地代码", "地区代码", "行政区划代码"), required=True, clean="region",
        example="441602001", help=_("Code of county (6), town (9) or village (12 digits) of the household register."),
    ),
    Column(
        # One address for a household: offices merge it over its people.
        "address", "详细住址", ("现住址", "家庭住址", "住址"), personal="address", max_length=100, example="东埔街道8号",
        fill_down=True,
    ),
    Column(
        "categories", "困难类别", ("对象类别", "人员类别", "救助类别"), required=True, clean="categories",
        choices=("特困人员", "低保对象", "孤儿", "事实无人抚养儿童", "低保边缘家庭成员"), example="低保对象",
        help=_("Several: separated by 、"),
    ),
    Column(
        "phone", "联系电话", ("手机号", "手机号码", "电话"), clean="phone", personal="phone", example="13800138000",
    ),
    Column("bank_name", "开户银行", ("开户行", "银行名称"), example="中国农业银行"),
    Column(
        "bank_account", "银行账号", ("银行卡号", "账号", "社保卡银行账号"), clean="card", personal="card",
        example="6228480000000007", help=_("Format the column as text before typing."),
    ),
    Column("guardian_name", "监护人姓名", clean="name", personal="name", help=_("For minors and persons in care.")),
    Column(
        "guardian_document_type", "监护人证件类型", ("监护人证件种类",), clean="document_type", choices=DOCUMENTS,
        help=_("Empty means resident ID card."),
    ),
    Column(
        "guardian_document", "监护人证件号码", ("监护人身份证号", "监护人身份证号码"), clean="document", personal="document",
        companions={"type": "guardian_document_type"},
        help=_("With the name: whoever is under 18 then has a guardian on record."),
    ),
    Column(
        "guardian_phone", "监护人电话", ("监护人联系电话", "监护人手机号"), clean="phone", personal="phone",
        help=_("Messages of a minor go there."),
    ),
    Column(
        "guardian_relation", "与被保险人关系", ("监护人与被保险人关系", "监护关系", "监护人关系"), max_length=20,
        help=_("What the guardian is to the person: 母亲, 祖父 …"),
    ),
    Column(
        "health", "健康告知", ("健康告知/既往症分组", "既往症", "既往症分组", "既往症组别"), personal="health",
        help=_("As declared: 健康, 既往症, or the plan's groups of diseases with 、 between. Holds from the first day of cover."),
    ),
)
