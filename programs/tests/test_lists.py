"""Lists of reference data by their resources: what a file says, each fault of each row, and the round trip."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from intake.reference.formats import ListCsv
from intake.reference.reading import ListFile
from intake.reference.resource import Preview
from programs.lists import HospitalResource

pytestmark = pytest.mark.django_db

HEAD = "定点医疗机构编码,医疗机构名称,医院等级,办医性质,行政区划代码,是否定点,定点开始日期,停止定点日期"


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    with override("zh-hans"):
        yield


@pytest.fixture
def operator() -> User:
    make_region_tree()
    return make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def csv_file(*lines: str, columns: Any = HospitalResource.columns, encoding: str = "utf-8") -> ListFile:
    return ListCsv(columns=columns).create_dataset("\n".join(lines).encode(encoding))


def sentences(preview: Preview) -> list[str]:
    return [sentence for row in preview.rows for sentence in row.sentences]


def kinds(preview: Preview) -> list[tuple[int, str | None]]:
    return [(row.line, row.import_type) for row in preview.rows]


def test_every_fault_of_every_row_is_told_at_once(operator: User) -> None:
    preview = HospitalResource(user=operator).preview(csv_file(
        HEAD,
        "H44160200001,甲医院,三级甲等,公立,441602,是,2022-01-01,",
        "H4416,乙医院,四级,公立,999999,是,,",
        "H44160200003,,二级,国有,441602,否,2022-01-01,",
        "H44160200001,丁医院,一级,民营,441602,是,2022-13-01,2021-01-01",
        "H44160200005,戊医院,一级,民营,441602,是,2022-01-01,2022-01-01",
    ))
    assert kinds(preview) == [(2, "new"), (3, "invalid"), (4, "invalid"), (5, "invalid"), (6, "invalid")]
    standings = "三级甲等、三级乙等、三级丙等、三级、二级甲等、二级乙等、二级丙等、二级、一级甲等、一级乙等、一级丙等、一级、未定级"
    assert sentences(preview) == [
        f"第3行 医院等级(四级):不是可选的内容,请填写:{standings}",
        "第3行 定点医疗机构编码(H4416):代码的样式不符(H + 11),请按官方目录填写",
        "第3行 行政区划代码(999999):没有这个地区代码,请填写6、9或12位的现行区划代码",
        "第4行 办医性质(国有):不是可选的内容,请填写:公立、民营",
        "第4行 医疗机构名称:必填项为空,请填写",
        "第4行 是否定点(否):填了日期却不是定点,请填写为定点,或清空日期",
        "第5行 定点开始日期(2022-13-01):不是日期,请按2025-01-31的样式填写",
        "第5行 定点医疗机构编码(H44160200001):与前面的行重复(行号2),请只保留一行",
        "第6行 停止定点日期(2022-01-01):结束不晚于开始,请核对两个日期",
    ]
