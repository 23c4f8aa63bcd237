"""The columns of the extracts, transcribed by hand from docs/extracts.md."""

from dataclasses import dataclass

from tests.reference.enums import ENUMS

# name|label|flag|type. Flags: * key, ! required, . optional. Types: code (normalised text), text, int, num,
# date, time, month, bool, or enum:<name>.
_TEXT = """
dms/stores
store_code|门店代码|*|code
store_name|门店名称|!|text
region_code|分中心代码|!|code
region_name|分中心|.|text
city|城市|.|text
city_tier|城市级别|.|enum:city_tier
brand|品牌|.|text
opened_on|开业日期|.|date
dms/employees
store_code|门店代码|*|code
employee_no|员工编号|*|code
employee_name|姓名|.|text
role|岗位|!|enum:role
department|部门|.|enum:department
hired_on|入职日期|.|date
left_on|离职日期|.|date
dms/customers
store_code|门店代码|*|code
customer_no|客户编号|*|code
customer_name|客户姓名|.|text
customer_type|客户类型|!|enum:customer_type
gender|性别|.|enum:gender
birth_year|出生年份|.|int
occupation|职业|.|text
phone|手机号|.|code
registered_on|建档日期|!|date
dms/vehicles
store_code|门店代码|*|code
vin|车架号|*|code
plate_no|车牌号|.|code
customer_no|客户编号|!|code
brand|品牌|.|text
model|车型|.|text
sold_on|购车日期|.|date
dms/appointments
store_code|门店代码|*|code
appointment_no|预约单号|*|code
customer_no|客户编号|.|code
vin|车架号|.|code
advisor_no|服务顾问编号|.|code
created_at|预约登记时间|!|time
scheduled_at|预约到店时间|!|time
channel|预约渠道|.|enum:appt_channel
initiated_by|预约发起|!|enum:initiated_by
status|预约状态|!|enum:appt_status
arrived_at|实际到店时间|.|time
repair_order_no|工单号|.|code
dms/repair_orders
store_code|门店代码|*|code
repair_order_no|工单号|*|code
customer_no|客户编号|!|code
vin|车架号|!|code
advisor_no|服务顾问编号|.|code
appointment_no|预约单号|.|code
service_type|维修类型|!|enum:service_type
odometer_km|行驶里程|.|num
checked_in_at|接车时间|!|time
order_signed_at|委托书签字时间|.|time
promised_at|预计交车时间|.|time
completed_at|完工时间|.|time
settled_at|结算时间|.|time
delivered_at|交车时间|.|time
status|工单状态|!|enum:ro_status
original_repair_order_no|原工单号|.|code
quoted_amount|预估金额|.|num
labour_amount|工时费|.|num
parts_amount|配件费|.|num
total_amount|结算金额|.|num
dms/repair_order_lines
store_code|门店代码|*|code
repair_order_no|工单号|*|code
line_no|项目序号|*|int
technician_no|维修技师编号|.|code
job_code|项目代码|.|code
concern|故障类别|.|text
labour_hours|工时|.|num
labour_amount|工时费|.|num
parts_amount|配件费|.|num
fixed_first_visit|一次修复|.|bool
not_fixed_reason|未修复原因|.|enum:not_fixed_reason
survey/css_responses
response_no|问卷编号|*|code
item_code|题目|*|enum:css_item
store_code|门店代码|!|code
period|调查月份|!|month
repair_order_no|工单号|.|code
advisor_no|服务顾问编号|.|code
score|得分|!|num
survey/css_benchmarks
period|调查月份|*|month
scope|范围|*|enum:scope
scope_code|范围代码|*|code
item_code|题目|*|enum:bench_item
sample_size|样本量|!|int
score|得分|!|num
survey/callbacks
store_code|门店代码|*|code
callback_no|回访编号|*|code
repair_order_no|工单号|.|code
customer_no|客户编号|.|code
advisor_no|服务顾问编号|.|code
interviewer_no|回访员编号|.|code
called_at|回访时间|!|time
outcome|回访结果|!|enum:cb_outcome
survey/callback_answers
store_code|门店代码|*|code
callback_no|回访编号|*|code
question_code|题号|*|enum:question
score|得分|.|num
answer_text|回答内容|.|text
survey/churn_callbacks
store_code|门店代码|*|code
callback_no|回访编号|*|code
vin|车架号|!|code
cohort_month|流失月份|!|month
called_at|回访时间|.|time
outcome|回访结果|!|enum:churn_outcome
reason|流失原因|.|enum:churn_reason
survey/mystery_visits
visit_no|访问编号|*|code
section_code|环节|*|enum:section
item_no|检查项|*|int
store_code|门店代码|!|code
visited_on|访问日期|!|date
points|得分|!|num
max_points|满分|!|num
complaint/cases
store_code|门店代码|*|code
case_no|工单编号|*|code
customer_no|客户编号|.|code
vin|车架号|.|code
repair_order_no|维修工单号|.|code
case_type|类型|!|enum:case_type
channel|渠道|!|enum:case_channel
category|原因|!|enum:category
topic|问题分类|.|enum:topic
priority|优先级|!|enum:case_priority
responsible_department|责任部门|.|enum:department
responsible_employee_no|责任人编号|.|code
handler_no|处理人编号|.|code
received_at|受理时间|!|time
description|内容|.|text
complaint/case_events
store_code|门店代码|*|code
case_no|工单编号|*|code
event_no|序号|*|int
event_at|时间|!|time
event_type|动作|!|enum:event_type
actor_no|操作人编号|.|code
satisfaction_score|处理满意度|.|num
compensation_amount|补偿金额|.|num
planning/improvement_actions
store_code|门店代码|*|code
action_no|编号|*|code
period|月份|!|month
department|部门|!|enum:department
priority|优先顺序|.|text
problem|存在问题|!|text
measure|改善措施|!|text
mot_item|关联题目|.|code
owner_no|责任人编号|.|code
supervisor_no|监督人编号|.|code
due_on|完成时间|!|date
completed_on|实际完成时间|.|date
status|完成情况|!|enum:action_status
evidence|验证方式|.|text
planning/targets
store_code|门店代码|*|code
period|月份|*|month
kpi_code|指标代码|*|enum:kpi
target_value|目标值|!|num
"""


@dataclass(frozen=True)
class Column:
    """One column of an extract."""

    name: str
    label: str
    is_key: bool
    required: bool
    type: str

    @property
    def enum(self) -> dict[str, str | None] | None:
        """Codes and labels of an enumerated column."""
        return ENUMS[self.type[5:]] if self.type.startswith("enum:") else None


def _datasets() -> dict[str, list[Column]]:
    datasets: dict[str, list[Column]] = {}
    columns: list[Column] = []
    for line in _TEXT.split():
        if "|" not in line:
            columns = datasets.setdefault(line, [])
            continue
        name, label, flag, kind = line.split("|")
        columns.append(Column(name, label, is_key=flag == "*", required=flag in "*!", type=kind))
    return datasets


# The columns of each "<system>/<dataset>".
DATASETS = _datasets()
