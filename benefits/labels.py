"""Fields of plans and cases and their options in words, Chinese and English: for editors, read views and differences."""

from __future__ import annotations

from benefits import wording

#: Key of a field in a file: its label.
FIELDS = {
    "age": ("承保年龄", "ages"),
    "age_from": ("年龄自", "age from"),
    "age_to": ("年龄至", "age to"),
    "amount": ("金额（元）", "amount (yuan)"),
    "at": ("发生时间", "happened at"),
    "bands": ("分段赔付", "bands"),
    "bands_counted": ("分段起算", "bands count"),
    "bands_per": ("分段累计", "bands add up"),
    "benefit": ("责任类型", "kind of responsibility"),
    "bills": ("票据", "bills"),
    "birth_on": ("出生日期", "date of birth"),
    "by": ("既往症认定", "pre-existing by"),
    "cap_over_policies": ("未成年人身故合计上限（元）", "minor's cap over all policies (yuan)"),
    "claim_free_from": ("连续未理赔满（年）", "claim-free years"),
    "claim_free_years": ("连续未理赔（年）", "claim-free years"),
    "claimed_before": ("票据已用于理赔", "bill claimed before"),
    "category": ("人员类别", "category"),
    "code": ("代码", "code"),
    "conditions": ("既往症种类", "pre-existing groups"),
    "continuity_from": ("连续投保满（年）", "years insured in a row"),
    "continuity_years": ("已连续投保（年）", "years insured in a row"),
    "counts": ("保障范围", "what counts"),
    "cover": ("保障期间", "time of cover"),
    "day": ("就医日期", "day"),
    "days": ("住院天数", "days in hospital"),
    "days_per_event": ("每次最多（天）", "days per event"),
    "days_per_year": ("每年最多（天）", "days per year"),
    "days_unpaid": ("起付天数", "unpaid first days"),
    "death_paid_elsewhere": ("他处身故保额（元）", "death cover elsewhere (yuan)"),
    "deductible": ("免赔额（元）", "deductible (yuan)"),
    "deductible_per": ("免赔额累计", "deductible adds up"),
    "deductibles": ("共用免赔额", "shared deductibles"),
    "deducts": ("扣除已给付的责任", "less what was paid for"),
    "department": ("科室", "department"),
    "diagnoses": ("疾病编码", "diagnoses"),
    "diagnosis": ("疾病编码", "diagnosis"),
    "died_on": ("身故日期", "died on"),
    "disease_group": ("疾病种类", "group of diseases"),
    "en": ("英文", "English"),
    "ends_at": ("保障止", "cover ends"),
    "event": ("事故", "event"),
    "events": ("事故类型", "kinds of event"),
    "exclusions": ("责任免除", "exclusions"),
    "factors": ("计入系数", "factors"),
    "false_papers": ("材料虚假", "false papers"),
    "from": ("起（元）", "from (yuan)"),
    "groups": ("病种", "groups"),
    "health_class": ("健康状况", "health class"),
    "held_to": ("责任时点", "held to"),
    "highest": ("最高", "highest"),
    "highest_class": ("最高可承保职业类别", "highest class of work"),
    "hospital": ("医院", "hospital"),
    "indicated": ("符合适应症", "within its indication"),
    "indication_required": ("须符合适应症", "indication asked for"),
    "injuries": ("伤残等级", "disability grades"),
    "insured": ("被保险人", "insured person"),
    "kind": ("类型", "kind"),
    "kinds": ("费用类型", "kinds of expense"),
    "level": ("医院等级", "level"),
    "level_from": ("最低医院等级", "lowest level"),
    "limits": ("限额", "limits"),
    "lines": ("费用明细", "lines"),
    "listed": ("医院须在清单", "on the list"),
    "lists": ("所在清单", "lists"),
    "locality": ("就医地", "locality"),
    "lowest": ("最低", "lowest"),
    "mark": ("来源", "source"),
    "name": ("名称", "name"),
    "notes": ("来源说明", "notes"),
    "number": ("票据号", "number"),
    "occupation_class": ("职业类别", "class of work"),
    "occupations": ("职业类别", "classes of work"),
    "of_remainder": ("计入前面责任未赔付的部分", "of what earlier responsibilities left"),
    "on": ("年龄计算日", "age counts on"),
    "part": ("缺少", "part"),
    "payer": ("支付方", "payer"),
    "payments": ("他方已支付", "paid by others"),
    "per": ("范围", "per"),
    "place": ("位置", "place"),
    "pre_existing": ("既往症", "pre-existing conditions"),
    "premium_due": ("应交保费（元）", "premium due (yuan)"),
    "premium_paid": ("已交保费（元）", "premium paid (yuan)"),
    "prices": ("保费", "prices"),
    "public": ("公立医院", "public"),
    "ratio": ("赔付比例", "ratio"),
    "refused_departments": ("不计入的科室", "departments that do not count"),
    "region": ("适用地区代码", "region code"),
    "required_list": ("须在清单", "on the list"),
    "responsibilities": ("保障责任", "responsibilities"),
    "scale": ("伤残等级给付比例（1级起）", "scale (from grade 1)"),
    "setting": ("就医方式", "setting"),
    "settings": ("就医方式", "settings"),
    "settled": ("经基本医保结算", "settled through basic insurance"),
    "settlement_required": ("须经基本医保结算", "settlement asked for"),
    "several": ("多处伤残", "several injuries"),
    "shared_deductible": ("共用免赔额", "shared deductible"),
    "shared_limits": ("共用限额", "shared limits"),
    "starts": ("统一生效日（月-日）", "first day (MM-DD)"),
    "starts_at": ("保障起", "cover starts"),
    "student": ("学生", "student"),
    "tags": ("标记", "marks"),
    "text": ("内容", "text"),
    "times": ("给付次数", "times"),
    "to": ("止（元）", "to (yuan)"),
    "unknown": ("来源未说明", "not stated by the source"),
    "value": ("数值", "value"),
    "waiting_days": ("等待期（天）", "waiting period (days)"),
    "waiting_waived_when_renewing": ("续保免等待期", "waived when renewing"),
    "within_days": ("事故后最多（天）", "days after the event"),
    "wrong_class": ("职业类别申报不符", "class stated wrong"),
    "year": ("年度", "year"),
    "zh": ("中文", "Chinese"),
}

#: What the parts are called that a source may not state; others are texts of their own.
UNKNOWN_PARTS = {
    **wording.PARTS,
    "limit": ("限额", "limit"), "lists": ("清单", "lists"), "hospitals": ("医院范围", "hospitals"), "year": ("年度", "year"),
    "pre_existing": ("既往症", "pre-existing conditions"), "price": ("保费", "price"), "settings": ("就医方式", "settings"),
    "responsibilities": ("其他责任", "responsibilities"),
}
#: How a text of a pattern is written.
HINTS = {
    "code": ("小写字母、数字、_", "small letters, digits, _"),
    "starts": ("如01-01", "such as 01-01"),
    "region": ("如4416", "such as 4416"),
}

#: What an option means, whatever field it stands in; `per` and payers, kinds and parts have tables of `wording`.
OPTIONS = {
    "healthy": ("非既往症", "healthy"),
    "pre_existing": ("既往症", "pre-existing"),
    "inpatient": ("住院", "inpatient"),
    "outpatient": ("普通门诊", "outpatient"),
    "special_outpatient": ("门诊慢特病", "special outpatient"),
    "pharmacy": ("药店", "pharmacy"),
    "local": ("本地就医", "local"),
    "elsewhere_registered": ("异地已备案", "elsewhere, registered"),
    "elsewhere": ("异地未备案", "elsewhere"),
    "abroad": ("境外", "abroad"),
    "illness": ("疾病", "illness"),
    "accident": ("意外", "accident"),
    "supplementary": ("惠民保", "supplementary medical insurance"),
    "hardship": ("爱心保", "hardship cover"),
    "day_cover": ("日保", "day cover"),
    "expense": ("费用补偿", "expense"),
    "lump_sum": ("定额给付", "lump sum"),
    "allowance": ("住院津贴", "allowance a day"),
    "death": ("身故", "death"),
    "disability": ("伤残", "disability"),
    "treatment": ("按治疗的疾病", "by the treatment"),
    "person": ("按人", "by the person"),
    "occurrence": ("事故发生时", "when it happened"),
    "cover_start": ("保障首日", "first day of cover"),
    "event": ("事故当日", "day of the event"),
    "after_deductible": ("从免赔额以上起算", "above the deductible"),
    "before_deductible": ("从第一元起算", "from the first yuan"),
    "reduce": ("按保费比例赔付", "in the ratio of the premiums"),
    "ignore": ("不影响", "in full"),
    "worst_raised": ("取最重，同级晋升一级", "the worst; equal ones count one graver"),
    "worst": ("取最重", "the worst"),
    "P": ("公开资料", "public page"),
    "S": ("理赔报告", "claims report"),
    "M": ("一般知识", "general knowledge"),
    "X": ("本方案拟定", "our proposal"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
}
#: Options that mean another thing under a field.
OPTIONS_OF = {
    "per": wording.PERIODS, "deductible_per": wording.PERIODS, "bands_per": wording.PERIODS, "payer": wording.PAYERS,
    "held_to": {"treatment": ("治疗时", "when treated"), "occurrence": ("事故发生时", "when it happened")},
    "counts": wording.KINDS, "kinds": wording.KINDS,
}


def label(key: str, language: str) -> str:
    """A field in words."""
    return wording.say(FIELDS, key, language)


def title(key: str, language: str) -> str:
    """A field in words without its unit, where the value tells it."""
    return label(key, language).removesuffix("（元）").removesuffix("（天）").removesuffix(" (yuan)").removesuffix(" (days)")


def option(key: str, value: str, language: str) -> str:
    """What an option of a field means."""
    table = OPTIONS_OF.get(key, OPTIONS)
    return wording.say(table, value, language)
