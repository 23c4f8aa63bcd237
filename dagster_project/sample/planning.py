"""The managers' workbooks: improvement actions and targets (`planning/*`)."""

from datetime import date, timedelta
from random import Random

from dagster_project.sample.constants import MAIN_STORE, SAMPLE_AS_OF
from dagster_project.sample.months import Row, first_day, last_day, month_of, month_text, rng
from dagster_project.sample.stores import STORES, Staff

PROBLEMS: dict[str, tuple[tuple[str, str, str | None, str], ...]] = {
    "front_desk": (
        ("接车时未逐项解释维修项目", "接车话术演练，每日抽查两单", "mot01", "委托书签字记录"),
        ("结算清单讲解不完整", "交车时在车旁逐项讲解并由客户确认", "mot04", "现场检查表"),
        ("周末接车排队", "周末增加一名服务顾问并推行错峰预约", "mot02", "接车时间统计"),
        ("主动预约不足", "每日下班前完成次周保养客户邀约", None, "预约登记表"),
        ("交车无人陪同", "实行服务顾问全程陪同交车", "mot08", "回访抽查"),
    ),
    "workshop": (
        ("异响类故障返修", "疑难异响由技术经理复检后交车", "mot03", "返修登记表"),
        ("服务站停留时间长", "快保工位与维修工位分开派工", "mot06", "工单时间统计"),
        ("车辆清洁不到位", "洗车后由质检员签字", "mot09", "质检单"),
        ("质检流于形式", "终检项目拍照存档", "mot03", "终检照片"),
        ("未按承诺时间交车", "完工前三十分钟预警", "mot05", "看板截图"),
    ),
    "parts": (
        ("常用件缺货", "按六个月消耗重设安全库存", "mot06", "缺件日报"),
        ("配件价格解释不清", "前台张贴常用配件价格表", "mot04", "现场照片"),
        ("订货到货不通知客户", "到货当日短信与电话通知", "mot07", "通知记录"),
        ("领料等待", "预约单提前一天备料", "mot06", "备料单"),
        ("索赔旧件管理混乱", "旧件每周清点", None, "清点表"),
    ),
    "customer_service": (
        ("首次响应超时", "投诉受理三十分钟内致电客户", None, "客诉系统导出"),
        ("回访成功率低", "调整回访时段到午休与傍晚", None, "回访统计"),
        ("休息区评价低", "更换座椅并增加茶点", "mot10", "现场照片"),
        ("流失客户无跟进", "流失名单每周分派到服务顾问", None, "跟进记录"),
        ("投诉结案后再次投诉", "结案两日后回访确认", "mot07", "结案回访"),
    ),
}
TARGETS = {
    "mot_score": 100,
    "css_score": 99,
    "mystery_score": 80,
    "callback_delighted_rate": 0.25,
    "callback_disappointed_rate": 0.3,
    "nps": 20,
    "complaint_rate": 0.05,
    "complaint_resolution_rate": 0.95,
    "first_response_minutes": 60,
    "first_fix_rate": 0.98,
    "appointment_rate": 0.35,
    "proactive_appointment_rate": 0.15,
    "no_show_rate": 0.2,
    "on_time_delivery_rate": 0.9,
    "churn_rate": 0.25,
    "active_customers": 5300,
}
PERIODS = range(month_of(SAMPLE_AS_OF) - 4, month_of(SAMPLE_AS_OF) + 1)


def build_actions(staff: dict[str, Staff]) -> list[Row]:
    """Five problems a department and month for the main store, one for the others; some are overdue."""
    random = rng("actions")
    rows: list[Row] = []
    for store in STORES:
        number = 0
        for period in PERIODS:
            for department, problems in PROBLEMS.items():
                chosen = problems if store.code == MAIN_STORE else random.sample(problems, 1)
                for priority, problem in enumerate(chosen, start=1):
                    number += 1
                    row = _action(period, problem, random)
                    rows.append(
                        row
                        | {
                            "store_code": store.code,
                            "action_no": f"{number:04d}",
                            "period": month_text(period),
                            "department": department,
                            "priority": str(priority),
                            "owner_no": random.choice(staff[store.code].of_department(department)),
                            "supervisor_no": staff[store.code].managers[department],
                        }
                    )
    return rows


def _action(period: int, problem: tuple[str, str, str | None, str], random: Random) -> Row:
    due = last_day(period) - timedelta(days=random.randrange(-10, 12))
    status = "done"
    done_on = due - timedelta(days=random.randrange(-4, 9))
    completed: date | None = max(done_on, first_day(period))
    draw = random.random()
    if done_on > SAMPLE_AS_OF or draw < 0.12:
        status, completed = random.choice(("not_started", "in_progress")), None
    text, measure, item, evidence = problem
    return {
        "problem": text,
        "measure": measure,
        "mot_item": item,
        "evidence": evidence,
        "due_on": due,
        "completed_on": completed,
        "status": status,
    }


def build_targets() -> list[Row]:
    """All targets of 2025 for the main store, those of the last quarter for the others."""
    rows: list[Row] = []
    first = month_of(SAMPLE_AS_OF) - 10
    for store in STORES:
        start = first if store.code == MAIN_STORE else first + 9
        for period in range(start, first + 12):
            for kpi, value in TARGETS.items():
                small = kpi == "active_customers" and store.code != MAIN_STORE
                rows.append(
                    {
                        "store_code": store.code,
                        "period": month_text(period),
                        "kpi_code": kpi,
                        "target_value": store.visits * 4 if small else value,
                    }
                )
    return rows
