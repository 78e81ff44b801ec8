"""The engine's sentences in Chinese and English; plain tables: a letter's language is not that of who prints it."""

from __future__ import annotations

LANGUAGES = ("zh", "en")

KINDS = {
    "self_pay": ("医保目录内自付", "in-catalogue self-pay"),
    "class_b_first": ("乙类先行自付", "first own part of class B"),
    "out_of_catalogue": ("医保目录外自费", "out of catalogue"),
    "special_drug": ("特定药品", "special drug"),
    "device": ("医疗器械及耗材", "device"),
    "proton_heavy_ion": ("质子重离子", "proton or heavy ion therapy"),
    "overseas_drug": ("海外特殊药品", "overseas drug"),
    "car_t": ("CAR-T药品", "CAR-T drug"),
}

PAYERS = {
    "basic": ("基本医保", "basic insurance"),
    "major_illness": ("大病保险", "major-illness insurance"),
    "assistance": ("医疗救助", "medical assistance"),
    "third_party": ("责任第三方", "a liable third party"),
    "commercial": ("其他商业保险", "other commercial insurance"),
    "ours": ("本保障", "this cover"),
    "person": ("个人", "the person"),
}

PERIODS = {
    "item": ("每项", "per item"),
    "day": ("每日", "per day"),
    "event": ("每次事故", "per event"),
    "year": ("年度", "per year"),
}

REFUSALS = {
    "AFTER_COVER": ("保障期已结束", "after the end of cover"),
    "AGE": ("年龄不在承保范围", "age outside the plan"),
    "BEFORE_COVER": ("保单生效前", "before the cover began"),
    "BELOW_DEDUCTIBLE": ("未达免赔额", "below the deductible"),
    "COVER_LIMIT": ("已达方案总保额", "the plan's cover is used up"),
    "DRUG_NOT_LISTED": ("特药清单外", "drug not on the list"),
    "DUPLICATE_BILL": ("重复票据", "bill claimed before"),
    "EXCLUDED": ("免责", "excluded"),
    "FALSE_PAPERS": ("材料虚假", "false papers"),
    "HOSPITAL_LEVEL": ("医院等级不符", "hospital below the level asked for"),
    "HOSPITAL_NOT_LISTED": ("非指定医院", "hospital not on the list"),
    "HOSPITAL_NOT_PUBLIC": ("非公立医院", "not a public hospital"),
    "INDICATION": ("适应症不符", "drug used outside its indication"),
    "LIMIT_USED": ("已达限额", "limit used up"),
    "LOCALITY": ("就医地不在赔付范围", "place of treatment not covered"),
    "NOTHING_PAYABLE": ("无可赔付金额", "nothing payable"),
    "NOT_COVERED": ("不属于保障责任", "not covered"),
    "NOT_SETTLED": ("未经医保结算", "not settled through basic insurance"),
    "NO_DAYS_LEFT": ("津贴天数已用完或不足起付天数", "no paid days left"),
    "OCCUPATION": ("职业类别不可承保", "class of work that cannot be insured"),
    "OTHER_EVENT": ("不属于该责任的事故类型", "another kind of event"),
    "OUTPATIENT": ("普通门诊", "ordinary outpatient care"),
    "PAID_BEFORE": ("已赔付过", "paid before"),
    "PAID_BY_OTHERS": ("已由其他方赔付", "paid by others"),
    "PRE_EXISTING": ("既往症", "pre-existing condition"),
    "SETTING": ("就医方式不在保障范围", "kind of care not covered"),
    "SPECIAL_WARD": ("特需部", "special-needs ward"),
    "TOO_LATE": ("超过约定治疗期限", "too long after the event"),
    "WAITING_PERIOD": ("等待期内", "within the waiting period"),
}

ASSUMED = {
    "age": ("年龄", "the age"),
    "bill_day": ("就医日期", "the day of the bill"),
    "cover": ("保障期间", "the time of cover"),
    "event_at": ("事故时间", "the time of the event"),
    "event_code": ("事故编号", "the event's reference"),
    "hospital_level": ("医院等级", "the hospital's level"),
    "hospital_public": ("医院是否公立", "whether the hospital is public"),
    "occupation_class": ("职业类别", "the class of work"),
    "waiting": ("等待期", "the waiting period"),
}

PARTS = {
    "amount": ("金额", "amount"),
    "counts": ("保障范围", "what counts"),
    "deductible": ("免赔额", "deductible"),
    "ratio": ("赔付比例", "ratio"),
}

#: Figures that may depend on circumstances.
TABLES = {
    "amount": ("金额", "amount"),
    "cap_over_policies": ("未成年人身故限额", "minor's cap"),
    "deductible": ("免赔额", "deductible"),
    "factors": ("计入系数", "factors"),
    "limits": ("限额", "limits"),
    "ratio": ("赔付比例", "ratio"),
}

#: Circumstances of a case, as far as the terms tell them apart; a value that has words of its own stands behind a colon.
CIRCUMSTANCES = {
    "age": ("{value}岁", "age {value}"),
    "age:None": ("年龄不详", "of unknown age"),
    "claim_free_below": ("连续未理赔不满{value}年", "fewer than {value} claim-free year(s)"),
    "claim_free_from": ("连续未理赔满{value}年", "at least {value} claim-free year(s)"),
    "continuity_below": ("连续参保不满{value}年", "fewer than {value} year(s) in a row"),
    "continuity_from": ("连续参保满{value}年", "at least {value} year(s) in a row"),
    "health_class:healthy": ("非既往症", "healthy"),
    "health_class:pre_existing": ("既往症", "pre-existing"),
    "locality:abroad": ("境外", "abroad"),
    "locality:elsewhere": ("异地未备案", "elsewhere"),
    "locality:elsewhere_registered": ("异地已备案", "elsewhere, registered"),
    "locality:local": ("本地就医", "local"),
    "settled:False": ("未经医保结算", "not settled"),
    "settled:True": ("经医保结算", "settled"),
}

#: Rule: its name, and its sentence. Values are already said in words when they reach a sentence.
RULES = {
    "cost": (("费用合计", "cost"), ("{bills}张票据，费用合计{result}。", "{bills} bill(s) cost {result} in all.")),
    "other_payer": (
        ("先由他方支付", "other payer first"),
        ("{payer}已支付其中{paid}（{place}），余{result}。", "Of {amount}, {payer} paid {paid} ({place}); {result} is left."),
    ),
    "assumed": (
        ("视为符合", "taken as met"),
        ("资料未说明{what}，按符合条件处理。", "The facts do not state {what}; the condition is taken as met."),
    ),
    "line_refused": (
        ("不予赔付", "refused"), ("{place}不予赔付：{code}{reason}。", "{place} is not paid: {code}{reason}."),
    ),
    "circumstances": (
        ("适用情形", "circumstances"),
        ("{tables}按以下情形确定：{result}。", "These circumstances decide the {tables}: {result}."),
    ),
    "counted": (("计入", "counted"), ("{kind}{result}计入（{place}）。", "{result} of {kind} counts ({place}).")),
    "factor": (
        ("按系数计入", "factor"),
        ("{kind}{amount}按{factor}计入，为{result}（{place}）。", "{amount} of {kind} counts at {factor}: {result} ({place})."),
    ),
    "deductible": (
        ("扣除免赔额", "deductible"),
        (
            "免赔额{deductible}，此前已扣{used}，本次扣{taken}，余{result}。",
            "Of the deductible of {deductible}, {used} was used before; {taken} is taken now, {result} is above it.",
        ),
    ),
    "band": (
        ("分段赔付", "band"),
        ("{start}至{end}部分：{part}×{ratio}={result}。", "From {start} to {end}: {part} at {ratio} is {result}."),
    ),
    "limit": (
        ("限额", "limit"),
        (
            "{per}{name}限额{limit}，此前已用{used}，{amount}减为{result}。",
            "The limit {per}{name} is {limit}, {used} of it was used before: {amount} becomes {result}.",
        ),
    ),
    "cover_limit": (
        ("方案总保额", "cover in all"),
        (
            "方案总保额{limit}，此前各项责任已赔{used}，{amount}减为{result}。",
            "The plan covers {limit} in all, {used} of it was paid before: {amount} becomes {result}.",
        ),
    ),
    "reduced": (
        ("按保费比例", "premium ratio"),
        (
            "职业类别申报不符，按已交保费{paid}与应交保费{due}之比，{amount}减为{result}。",
            "The class of work was stated wrong: {amount} times premium paid {paid} over premium due {due} is {result}.",
        ),
    ),
    "rounded": (
        ("四舍五入", "rounding"),
        ("{amount}四舍五入到分，为{result}。", "{amount} rounded half-up to the fen is {result}."),
    ),
    "pays": (("赔付", "pays"), ("本责任赔付{result}。", "It pays {result}.")),
    "refused": (("不予赔付", "refused"), ("不予赔付：{code}{reason}。", "Nothing is paid: {code}{reason}.")),
    "undecided": (
        ("无法核定", "cannot be decided"),
        ("条款缺少{parts}，本责任未核定。", "The terms lack {parts}: this responsibility is not decided."),
    ),
    "unstated": (
        ("条款未说明", "not stated"),
        ("条款未说明{parts}，按没有此项限制核定。", "The terms do not state {parts}: decided as if there were none."),
    ),
    "lump_sum": (
        ("定额给付", "lump sum"),
        ("确诊{diagnosis}，定额{result}。", "For diagnosis {diagnosis} the fixed amount is {result}."),
    ),
    "allowance": (
        ("住院津贴", "allowance"),
        (
            "住院{days}天，给付{counted}天×{amount}={result}。",
            "Of {days} day(s) in hospital {counted} are paid at {amount}: {result}.",
        ),
    ),
    "sum_insured": (("保险金额", "sum insured"), ("保险金额{result}。", "The sum insured is {result}.")),
    "less_paid": (
        ("扣除已给付", "less paid"),
        ("扣除{other}已给付的{paid}，余{result}。", "Less {paid} already paid for {other}, {result} is left."),
    ),
    "cap_over_policies": (
        ("未成年人身故限额", "minor's cap"),
        (
            "未成年人各保单身故合计不超过{cap}，他处已承保{elsewhere}，{amount}减为{result}。",
            "For a minor all policies together pay at most {cap}, {elsewhere} of it elsewhere: {amount} becomes {result}.",
        ),
    ),
    "grade": (
        ("伤残等级", "grade"),
        ("伤残等级{injuries}，合并评定为{result}级。", "Injuries of grade {injuries} count as grade {result}."),
    ),
    "disability": (
        ("伤残给付", "disability"), ("保险金额{amount}×{ratio}={result}。", "{amount} insured at {ratio} is {result}."),
    ),
    "total": (("合计", "total"), ("本案合计赔付{result}。", "The case pays {result} in all.")),
}

#: How a band is said that has no end, and one that holds everything.
OPEN_BAND = ("{start}以上部分：{part}×{ratio}={result}。", "Above {start}: {part} at {ratio} is {result}.")
ONLY_BAND = ("{part}×{ratio}={result}。", "{part} at {ratio} is {result}.")

WORDS = {
    "yuan": ("元", " yuan"),
    "unknown": ("来源未说明：", "The source does not state: "),
    "source": ("出处：", "From: "),
    "read_on": ("查阅于", "read on "),
    "not_read": ("查阅日期未注明，编制本方案时未重新查阅", "the day is not stated, and it was not read again for this plan"),
    "of_case": ("全案", "case"),
}

#: What a counter counts; behind it stands the responsibility, or what is shared.
COUNTERS = {
    "above": ("免赔额以上的费用", "expenses above the deductible"),
    "base": ("已计入的费用", "expenses counted"),
    "days": ("已给付天数", "days paid"),
    "deductible": ("已扣免赔额", "deductible used"),
    "limit": ("已用共用限额", "shared limit used"),
    "paid": ("已赔付", "paid"),
    "stayed": ("已住院天数", "days in hospital"),
    "times": ("已给付次数", "times paid"),
}

COLUMNS = {
    "number": ("序号", "No."),
    "responsibility": ("责任", "responsibility"),
    "inputs": ("依据", "what went in"),
    "rule": ("规则", "rule"),
    "result": ("结果", "came out"),
}

INPUTS = {
    "amount": ("金额", "amount"),
    "base": ("计入", "base"),
    "bills": ("票据", "bills"),
    "cap": ("上限", "cap"),
    "code": ("原因", "code"),
    "counted": ("给付天数", "paid days"),
    "days": ("天数", "days"),
    "deductible": ("免赔额", "deductible"),
    "diagnosis": ("诊断", "diagnosis"),
    "due": ("应交", "due"),
    "elsewhere": ("他处", "elsewhere"),
    "end": ("止", "to"),
    "factor": ("系数", "factor"),
    "injuries": ("伤残", "injuries"),
    "kind": ("费用", "kind"),
    "limit": ("限额", "limit"),
    "name": ("名称", "name"),
    "other": ("责任", "other"),
    "paid": ("已付", "paid"),
    "part": ("部分", "part"),
    "parts": ("缺少", "missing"),
    "payer": ("支付方", "payer"),
    "per": ("范围", "per"),
    "place": ("位置", "place"),
    "ratio": ("比例", "ratio"),
    "reason": ("说明", "reason"),
    "start": ("起", "from"),
    "tables": ("影响", "bears on"),
    "taken": ("本次扣", "taken"),
    "used": ("此前", "before"),
    "what": ("条件", "condition"),
}


def say(table: dict[str, tuple[str, str]], key: str, language: str) -> str:
    """A word of a table in a language; a key that the table does not know is its own word."""
    words = table.get(key)
    return key if words is None else words[LANGUAGES.index(language)]


#: What joins and encloses words.
MARKS = {"colon": ("：", ": "), "comma": ("、", ", "), "semicolon": ("；", "; "), "open": ("（", " ("), "close": ("）", ")")}


def mark(name: str, language: str) -> str:
    """A mark as the language writes it."""
    return say(MARKS, name, language)


def circumstance(name: str, value: object, language: str) -> str:
    """One circumstance of a case in words."""
    alone = CIRCUMSTANCES.get(f"{name}:{value}")
    return say(CIRCUMSTANCES, name, language).format(value=value) if alone is None else alone[LANGUAGES.index(language)]


def bracketed(text: str, language: str) -> str:
    """A remark in brackets, to be put behind a word."""
    return f"{mark('open', language)}{text}{mark('close', language)}"


PROBLEMS = {
    "above": ("{value}大于{top}", "{value} is above {top}"),
    "band_gap": ("{start}至{end}不属于任何分段，该部分不赔付", "nothing is paid from {start} to {end}: no band holds it"),
    "band_order": (
        "起点{start}在前一段起点{before}之前，请按顺序排列",
        "from {start} lies before the band above it, from {before}",
    ),
    "band_overlap": (
        "起点{start}低于前一段的终点{end}，该部分会重复计算",
        "from {start} lies below the end of the band above it, {end}",
    ),
    "band_unreachable": ("前一段没有终点，本段不起作用", "the band above it has no end, so this one is never reached"),
    "band_empty": ("终点{end}不大于起点{start}", "to {end} is not above from {start}"),
    "below": ("{value}小于{bottom}", "{value} is below {bottom}"),
    "choice": ("{value}不在可选值中：{options}", "{value} is none of {options}"),
    "code_twice": ("代码{value}已在{other}使用", "{value} is used by {other} already"),
    "counter_twice": ("{value}已在前面填写", "{value} is stated above already"),
    "deductible_twice": ("免赔额只能是自有或共用之一", "state an own or a shared deductible, not both"),
    "empty_exclusion": ("没有任何条件，会排除全部费用", "it states no condition and would exclude everything"),
    "facts": ("{reason}", "{reason}"),
    "key_twice": ("第{line}行：{key}出现两次", "line {line}: {key} stands twice"),
    "key_twice_json": ("{key}在同一对象中出现两次", "{key} stands twice in one object"),
    "kind_twice": (
        "{kind}已由{other}先行计入，本责任只能计入其不受理的部分",
        "{kind} is counted by {other} first; here counts only what that refuses",
    ),
    "json": ("第{line}行不是有效的JSON：{what}", "line {line} is no JSON: {what}"),
    "limit_within": (
        "{amount}高于共用限额{name}的{limit}，不会达到",
        "{amount} is above the shared limit {name}, {limit}: never reached",
    ),
    "limits_crossed": (
        "同时占用共用限额{one}和{other}，而{first}与{second}各用其一：费用增加时赔付合计可能减少",
        "it uses the shared limits {one} and {other}, {first} and {second} one each: a dearer bill may pay less in all",
    ),
    "list_long": ("共{number}项，最多{longest}项", "{number} entries are more than {longest}"),
    "list_short": ("共{number}项，至少{shortest}项", "{number} entries are fewer than {shortest}"),
    "missing": ("缺少此项", "it is missing"),
    "missing_or_unknown": (
        "缺少此项；来源未说明的，请列入unknown",
        "it is missing; if the source does not state it, list it under unknown",
    ),
    "names_unstated": ("{value}未在{where}中列出", "{value} is not among {where}"),
    "no_day": ("{value}不是YYYY-MM-DD格式的日期", "{value} is no day as YYYY-MM-DD"),
    "no_flag": ("{value}不是true或false", "{value} is neither true nor false"),
    "no_list": ("{value}不是列表", "{value} is no list"),
    "no_moment": (
        "{value}不是时间，应为YYYY-MM-DD或YYYY-MM-DDTHH:MM",
        "{value} is no moment as YYYY-MM-DD or YYYY-MM-DDTHH:MM",
    ),
    "no_number": ("{value}不是数字", "{value} is no number"),
    "no_record": ("{value}不是键值结构", "{value} is no set of keys and values"),
    "no_text": ("{value}不是文字", "{value} is no text"),
    "no_whole": ("{value}不是整数", "{value} is no whole number"),
    "pattern": ("{value}格式不符（{pattern}）", "{value} does not have the form {pattern}"),
    "places": ("{value}的小数超过{places}位", "{value} has more than {places} decimal places"),
    "range_empty": ("{lowest}大于{highest}", "{lowest} is above {highest}"),
    "ratio_twice": ("ratio与bands只能填写一项", "state ratio or bands, not both"),
    "row_default": ("最后一行不能带条件，否则有人没有对应的值", "the last row must hold for everybody: some would have no value"),
    "row_unreachable": (
        "第{row}行已包含本行的全部情形，本行不起作用",
        "row {row} above it holds wherever this one does, so this one is never reached",
    ),
    "scale_order": ("{value}高于前一等级的{before}", "{value} is above the graver grade's {before}"),
    "too_deep": ("层级超过{deepest}层", "it is nested more than {deepest} deep"),
    "too_long": ("{number}个字符，最多{longest}个", "{number} characters are more than {longest}"),
    "unknown_decisive": ("未知：{part}；本责任暂不能核定", "{part} is unknown: this responsibility cannot be decided"),
    "unknown_open": ("未知：{part}；按没有此项限制核定", "unknown: {part}; cases are decided as if there were none"),
    "unknown_key": ("没有这个字段", "there is no such field"),
    "unknown_key_near": ("没有这个字段，是否为{near}？", "there is no such field; did you mean {near}?"),
    "unlimited": ("没有任何限额", "it has no limit"),
    "yaml": ("第{line}行不是有效的YAML：{what}", "line {line} is no YAML that is read: {what}"),
}
