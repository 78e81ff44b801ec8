"""The layout of a collection statement: one declaration for reading, checking, the blank template and the documentation."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from intake.columns import Column

#: Words of a file's own language stay Chinese: they are the headings that offices and banks use.
COLUMNS = (
    Column(
        "number", "保障凭证号", ("凭证号", "保障凭证编号", "缴费编号"), max_length=60, example="HY-2027-000000012345",
        help=_("As the notice of payment says it; else name and document number."),
    ),
    Column(
        "name", "姓名", ("被保险人姓名", "参保人姓名", "保障对象姓名"), clean="name", personal="name", example="王小明",
        help=_("Of the person who is insured."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type",
        choices=("居民身份证", "港澳居民居住证", "台湾居民居住证", "外国人永久居留身份证", "护照"), example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证"), clean="document", personal="document",
        companions={"type": "document_type"}, example="441602196203151219",
        help=_("18 characters; format the column as text before typing."),
    ),
    Column(
        "amount", "缴费金额", ("金额", "交易金额", "实缴金额", "缴费金额(元)", "收款金额"), required=True, clean="amount",
        example="1.00", help=_("Yuan, exactly the own share."),
    ),
    Column(
        "paid_on", "缴费日期", ("交易日期", "缴费时间", "交易时间", "支付时间", "收款日期", "入账日期"), required=True,
        clean="date", example="2026-11-20", help=_("The day on which the person paid."),
    ),
    Column(
        "serial", "流水号", ("交易流水号", "交易单号", "订单号", "商户订单号", "凭证流水号"), max_length=60,
        example="202611200001", help=_("The channel's own number of the line; format the column as text."),
    ),
    Column(
        "application", "投保申请编号", ("投保单号", "申请编号", "投保编号", "业务单号"), max_length=60, example="TB-2026-0001",
        help=_("Of a family or person who paid when they enrolled: the office's own number, or the payment's as serial number."),
    ),
    Column(
        "remark", "附言", ("摘要", "转账附言", "用途", "缴费通知编号", "通知编号"), max_length=500, example="HMB-2027-Q0000001295",
        help=_("Of an employer's transfer: what it wrote, with the number of its bill."),
    ),
    Column("channel", "渠道", ("缴费渠道", "收款渠道", "支付方式", "缴费方式"), max_length=60, example="微信"),
    Column("account", "收款账户", ("收款账号", "商户号", "入账账户"), max_length=60, personal="card"),
)
_OF_PAYMENTS = {column.key: column for column in COLUMNS}
#: Of a statement of refunds; one of the first three says what went back.
REFUND_COLUMNS = (
    Column(
        "label", "退款序号", ("退款编号", "退款申请号", "我方退款号"), max_length=40, example="T12-3",
        help=_("As our list of money to be given back has it; else the serial number of the payment, or the cover number."),
    ),
    Column(
        "origin", "原流水号", ("原交易流水号", "原交易单号", "原商户订单号", "原缴费流水号", "原支付单号"), max_length=60,
        example="202611200001", help=_("The serial number of the payment that goes back; format the column as text."),
    ),
    replace(_OF_PAYMENTS["number"], help=_("Of one cover that was given back.")),
    Column(
        "amount", "退款金额", ("金额", "实退金额", "退款金额(元)"), required=True, clean="amount", example="150.00",
        help=_("Yuan, exactly what was to go back."),
    ),
    Column(
        "paid_on", "退款日期", ("退款时间", "退款完成时间", "到账日期", "交易日期"), required=True, clean="date",
        example="2026-11-25", help=_("The day on which the channel gave it back."),
    ),
    Column(
        "serial", "退款流水号", ("退款单号", "退款交易单号", "流水号"), max_length=60, example="R202611250001",
        help=_("The channel's own number of the refund; format the column as text."),
    ),
)
