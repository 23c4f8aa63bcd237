"""An invented report with every kind of block and its edge cases, to test the file writers."""

from datetime import date, datetime

from dagster_project.reports.monthly.blocks import (
    Bars,
    Change,
    Chapter,
    Column,
    Comparison,
    Figure,
    Figures,
    Flow,
    FlowLink,
    Form,
    Heat,
    Intervals,
    Lines,
    Measure,
    Note,
    Pareto,
    Report,
    Series,
    Table,
    Text,
    Tone,
    Trend,
)

HOSTILE = '=cmd|"/c calc"!A1<b>&\x01\x0b'
MONTHS = tuple(f"{2024 + (m + 10) // 12}-{(m + 10) % 12 + 1:02}" for m in range(13))
RATES = (0.021, 0.0188, None, 0.0247, 0.0231, 0.0199, 0.0215, 0.0302, 0.0287, None, 0.0224, 0.0205, 0.0194)
LONG = Text(
    "Explains the repair work to be done and what it will cost before it begins",
    "维修开始前解释即将开展的维修工作及预计费用",
)
REASONS = (
    "Quality 质量",
    "Other 其他",
    "Time 时间",
    "Cost 费用",
    "Parts 备件",
    "Attitude 服务态度",
    "Vehicle 整车",
    "Claim 索赔",
)
COUNTS = (210, 136, 105, 105, 37, 19, 6, 3)


def _text(written: str) -> Text:
    english, _, chinese = written.rpartition(" ")
    return Text(english, chinese)


def _figure(**given) -> Figure:
    values = {
        "label": Text("First-time fix rate", "一次修复率"),
        "value": 0.98058,
        "form": Form.RATE,
        "comparisons": (
            Comparison(Text("Last month", "上月"), 0.97955, False),
            Comparison(Text("Target", "目标"), None),
        ),
        "low": 0.9731,
        "high": 0.9859,
        "sample_size": 1776,
    }
    return Figure(**(values | given))


FIGURES = Figures(
    (
        _figure(),
        _figure(
            label=Text("CSS score", "客户满意度得分"),
            value=98.5,
            form=Form.SCORE,
            comparisons=(Comparison(Text("Region", "大区"), 97.3, True),),
            low=None,
            high=None,
            tone=Tone.GOOD,
        ),
        _figure(
            label=Text("Complaints", "投诉数"),
            value=621,
            form=Form.COUNT,
            comparisons=(),
            low=None,
            high=None,
            sample_size=None,
            tone=Tone.BAD,
            note=LONG,
        ),
        _figure(
            label=Text("Lost vehicles of the cohort that visited six months before", "六个月前来站车辆的流失数"),
            value=None,
            sample_size=3,
            is_small_sample=True,
            low=None,
            high=None,
        ),
        _figure(
            label=Text("Time at the station", "在站时间"),
            value=93.5,
            form=Form.MINUTES,
            comparisons=(),
            low=None,
            high=None,
            sample_size=1776,
        ),
        _figure(
            label=Text("Goodwill cost", "善意费用"),
            value=123456.5,
            form=Form.MONEY,
            comparisons=(),
            low=None,
            high=None,
            sample_size=None,
        ),
    )
)
TRENDS = Lines(
    Text("First-time fix failures", "未一次修复率"),
    MONTHS,
    (
        Series(Text("Store", "门店"), RATES),
        Series(Text("Target", "目标"), (0.02,) * 13, quiet=True),
    ),
    Form.RATE,
    Text("Months without repairs are gaps.", "无维修的月份留空。"),
    decimals=2,
)
SCORES = Lines(
    Text("MOT score", "MOT 得分"),
    MONTHS,
    (
        Series(Text("Store", "门店"), tuple(98 + i % 4 * 0.7 for i in range(13))),
        Series(Text("Second store", "二店"), tuple(96 + i % 3 * 0.8 for i in range(13))),
        Series(Text("Region", "大区"), (96.6,) * 13, quiet=True),
    ),
    Form.SCORE,
)
CLUSTERED = Bars(
    Text("Reasons by week", "各周原因"),
    tuple(map(_text, REASONS)),
    (
        Series(Text("Last month", "上月"), (190, 120, 111, 95, 40, 22, None, 1), quiet=True),
        Series(Text("This month", "本月"), COUNTS),
    ),
    Form.COUNT,
)
STACKED = Bars(
    Text("Complaints by week and cause", "每周投诉原因"),
    tuple(Text(f"Week {n}", f"第{n}周") for n in (1, 2, 3, 4)),
    tuple(
        Series(_text(reason), tuple(float(v + i) for i in range(4))) for reason, v in zip(REASONS, COUNTS, strict=True)
    ),
    Form.COUNT,
    stacked=True,
    note=Text("Weeks are days 1–7, 8–14, 15–21, 22–end.", "周为 1–7、8–14、15–21、22–月末。"),
)
ADVISORS = tuple(
    Text(name, name)
    for name in (
        "张伟",
        "王芳",
        "李娜",
        "刘洋",
        "陈静",
        "杨帆",
        "赵磊",
        "黄敏",
        "周杰",
        "吴婷",
        "徐强",
        "孙丽",
        "马超",
        "朱琳",
        "胡军",
        "郭燕",
        "何平",
        "高峰",
        "林雪",
        "罗毅",
        "梁爽",
        "宋佳",
        HOSTILE,
    )
)
LYING = Bars(
    Text("Check-ins by advisor", "服务顾问接车数"),
    ADVISORS,
    (Series(Text("Check-ins", "接车"), tuple(200 - 7 * i for i in range(23))),),
    Form.COUNT,
    horizontal=True,
)
LONG_NAMES = Bars(
    Text("Items below target", "低于目标的项目"),
    (LONG, Text("Comfortable customer lounge", "顾客休息区舒适"), Text(HOSTILE, HOSTILE)),
    (Series(Text("Score", "得分"), (92.3, 89.9, None)),),
    Form.SCORE,
)
PARETO = Pareto(
    Text("Reasons for dissatisfaction", "不满意原因"),
    tuple(map(_text, REASONS)),
    COUNTS,
    Text("621 reasons of 500 calls.", "500 次回访中的 621 个原因。"),
)
LEAVING = Pareto(
    Text("Why lost customers left", "流失原因"),
    tuple(Text(f"Reason number {i}", f"流失原因{i}") for i in range(14)),
    tuple(40 - 2 * i for i in range(14)),
)
TECHNICIANS = Intervals(
    Text("Not fixed first time, by technician", "技师未一次修复率"),
    tuple(Text(f"T{n:02}", f"技师{n}") for n in range(1, 9)),
    (1 / 214, 5 / 220, 6 / 256, 4 / 248, None, 4 / 153, 3 / 237, 7 / 226),
    (0.0008, 0.0097, 0.0108, 0.0063, None, 0.0102, 0.0043, 0.0151),
    (0.0260, 0.0522, 0.0502, 0.0407, None, 0.0653, 0.0365, 0.0625),
    (214, 220, 256, 248, None, 153, 237, 226),
    Form.RATE,
    Comparison(Text("Store", "门店"), 31 / 1776),
    Text(
        "Bars are 95% intervals: where they reach the dashed line, noise may explain the difference.",
        "误差线为95%区间；与虚线相交表示差异可能是偶然。",
    ),
    decimals=2,
)
FEW_INTERVALS = Intervals(
    Text("Score by segment", "细分满意度"),
    (LONG, Text("Private", "私人"), Text("Corporate", "单位")),
    (98.1, 99.4, 95.0),
    (96.5, 98.9, None),
    (99.7, 99.9, None),
    (33, 400, 2),
    Form.SCORE,
)
HEAT = Heat(
    Text("Items by advisor", "顾问与项目"),
    (*ADVISORS[:9], LONG),
    tuple(Text(f"mot{n:02}", f"项目{n}") for n in range(1, 11)),
    tuple(tuple(None if (r + c) % 11 == 3 else 90 + (r * 7 + c * 5) % 21 * 0.77 for c in range(10)) for r in range(10)),
    Form.SCORE,
    middle=98.5,
)
FLOW = Flow(
    Text("Churn of the May cohort", "五月客户流失"),
    {
        key: Text(en, zh)
        for key, en, zh in (
            ("visited", "Visited", "来站"),
            ("kept", "Came back", "回站"),
            ("lost", "Lost", "流失"),
            ("corporate", "Corporate, handled apart", "单位客户另行处理"),
            ("unreached", "Not reached", "未联系上"),
            ("reached", "Reached", "已联系"),
            ("due_soon", "Due soon", "即将来站保养"),
            ("mileage", "Mileage not reached", "公里数未到"),
            ("elsewhere", "Serviced elsewhere", "已到其它站维修"),
            ("far", "Too far", "太远"),
            ("road", "Road works", "修路不方便"),
            ("others", "Used by others", "其他人使用"),
        )
    },
    (
        ("visited",),
        ("lost", "kept"),
        ("reached", "unreached", "corporate"),
        ("road", "elsewhere", "mileage", "due_soon", "far", "others"),
    ),
    tuple(
        FlowLink(*link)
        for link in (
            ("visited", "lost", 276),
            ("visited", "kept", 732),
            ("lost", "reached", 147),
            ("lost", "unreached", 59),
            ("lost", "corporate", 70),
            ("reached", "road", 36),
            ("reached", "elsewhere", 34),
            ("reached", "mileage", 28),
            ("reached", "due_soon", 27),
            ("reached", "far", 11),
            ("reached", "others", 11),
        )
    ),
    Text("The cohort has aged six months.", "该批车辆已满六个月。"),
)
ACTIONS = Table(
    Text("Improvement actions", "改进措施"),
    (
        Column(Text("Measure", "措施"), Form.TEXT),
        Column(Text("Owner", "负责人"), Form.TO_FILL_IN),
        Column(Text("Due", "期限"), Form.DAY),
        Column(Text("Month", "月份"), Form.MONTH),
        Column(Text("Value", "数值"), Form.TEXT),
        Column(Text("Change", "变化"), Form.TEXT),
        Column(Text("Trend", "趋势"), Form.TREND),
        Column(Text("Rate", "比率"), Form.RATE, 2),
    ),
    (
        (
            LONG,
            None,
            date(2025, 5, 31),
            date(2025, 4, 1),
            Measure(98.55, Form.SCORE),
            Change(0.0123, Form.RATE, True, Tone.GOOD),
            Trend((1.0, 2.0, None, 4.0)),
            0.27381,
        ),
        (
            HOSTILE,
            "王芳",
            None,
            None,
            Measure(None, Form.RATE),
            Change(-3.0, Form.COUNT, False),
            Trend((None, None)),
            None,
        ),
        (
            "+86",
            None,
            date(2025, 6, 15),
            date(2025, 4, 1),
            Measure(42.0, Form.MINUTES),
            Change(None, Form.RATE),
            Trend((3.0, 3.0)),
            0.00005,
        ),
        (
            Text("Total", "合计"),
            None,
            None,
            None,
            Measure(5, Form.COUNT),
            Change(-2.5, Form.SCORE, True, Tone.BAD),
            None,
            1.0,
        ),
    ),
    total=True,
    tones=((0, 7, Tone.BAD),),
)
MANY = Table(
    Text("All items of all advisors", "全部明细"),
    (
        Column(Text("Advisor", "服务顾问"), Form.TEXT),
        *(Column(Text(f"Item {n}", f"项目{n}"), Form.SCORE) for n in range(1, 7)),
    ),
    tuple((f"顾问 {n}", *(90.05 + (n * i) % 13 for i in range(6))) for n in range(70)),
    Text("Scores are an index.", "得分为指数。"),
)
HUGE = Table(
    Text("Every repair order", "全部工单"),
    (Column(Text("Repair order", "工单"), Form.TEXT), Column(Text("Minutes", "分钟"), Form.MINUTES)),
    (*((f"RO{n:05}", n) for n in range(900)), ("Total 合计", 404550)),
    total=True,
)
WIDE = Table(
    Text("Advisors side by side", "顾问对比"),
    (
        Column(Text("Advisor", "服务顾问"), Form.TEXT),
        *(Column(Text(f"Measurement {n}", f"指标{n}"), Form.COUNT) for n in range(1, 25)),
    ),
    tuple((name, *(1000 * i for i in range(24))) for name in ADVISORS[:5]),
)
EMPTY = Table(Text("Overdue actions", "逾期措施"), (Column(Text("Action", "措施"), Form.TEXT),), ())
NOTHING = Lines(
    Text("No survey this year", "本年无调查"), MONTHS, (Series(Text("Score", "得分"), (None,) * 13),), Form.SCORE
)
GOOD_NEWS = Note(Text("Nobody waited longer than the target.", "没有客户等待超过目标时间。"), Tone.GOOD)
LONG_NOTE = Note(Text("A finding in words. " * 30, "用文字说明的发现。" * 40))


def _chapter(number: int, name: str, *blocks, headline: bool = True) -> Chapter:
    answer = Text(
        "Seven of 31 vehicles not fixed first time are of one technician; noise alone would not explain it.",
        "31 台未一次修复车辆中有 7 台出自同一技师，超出偶然范围。",
    )
    question = Text("Who fixes it first time, and why not always?", "谁能一次修复？为何不能每次做到？")
    return Chapter(number, _text(name), question, answer if headline else None, blocks)


EXAMPLE = Report(
    title=Text("After-sales monthly report", "售后月度报告"),
    subject=Text("Sample store with quite a long name, Nanjing", "南京示例四S店（城东旗舰）"),
    month=date(2025, 4, 1),
    as_of=date(2025, 11, 30),
    published_at=datetime(2025, 12, 1, 21, 5),
    notes=(Note(Text("The data of two days is missing.", "缺少两天数据。"), Tone.BAD), GOOD_NEWS),
    summary=(FIGURES, TRENDS),
    chapters=(
        _chapter(1, "Improvement actions 改进措施", ACTIONS, EMPTY, LONG_NOTE),
        _chapter(
            2, "External CSS and mystery shopping 外部满意度与神秘客", SCORES, TRENDS, HEAT, LONG_NAMES, FEW_INTERVALS
        ),
        _chapter(
            3, "Internal callbacks 内部回访", Figures(FIGURES.figures[:3]), CLUSTERED, LYING, MANY, headline=False
        ),
        _chapter(4, "Complaints 投诉", PARETO, STACKED, LEAVING, HUGE, WIDE),
        _chapter(5, "First-time fix 一次修复", TECHNICIANS, NOTHING),
        _chapter(6, "Churn 流失", GOOD_NEWS, FLOW),
        _chapter(7, "Next month 下月"),
    ),
)
