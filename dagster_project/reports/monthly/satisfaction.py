"""Chapter 2: the external survey and mystery shopping, compared with last month, region and nation."""

from dataclasses import replace
from datetime import date

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Cell,
    Change,
    Chapter,
    Column,
    Comparison,
    Figure,
    Figures,
    Form,
    Intervals,
    Lines,
    Note,
    Series,
    Table,
    Text,
)
from dagster_project.reports.monthly.figures import NATION, OWN, REGION, Figured, Scorecard, count_figure, kpi_figure
from dagster_project.reports.monthly.labels import capital, enum_label, seed_label
from dagster_project.reports.monthly.noise import (
    SMALL_SAMPLE,
    Estimate,
    change,
    distance,
    leaves_out,
    mean_estimate,
    standard_error,
)
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import READ_WITH_CARE, care, joined, kpi_clause, listed, no_data
from dagster_project.reports.monthly.written import month_name
from dagster_project.reports.seeds import seed_column

_TITLE = Text("External CSS and mystery shopping", "外部满意度与神秘访客")
_QUESTION = Text(
    "How do customers and mystery shoppers rate the store, and which items are below region or nation?",
    "客户与神秘访客如何评价本店？哪些题目低于分中心或全国？",
)
_QUADRANTS = {
    "fix_first": Text("fix first", "优先改进"),
    "keep_up": Text("keep up", "继续保持"),
    "watch": Text("watch", "关注"),
    "maintain": Text("maintain", "维持"),
}
_SEGMENTS = {
    "age_band": Text("age", "年龄段"),
    "gender": Text("gender", "性别"),
    "occupation": Text("occupation", "职业"),
    "customer_type": Text("customer type", "客户类型"),
    "city_tier": Text("city tier", "城市级别"),
    "brand": Text("brand", "品牌"),
}


def item_estimates(scope: Scope, month: date) -> dict[str, Estimate]:
    """The MOT items' scores, with intervals from the spread of the answers."""
    sql = (
        f"select i.item_code, i.score, i.sample_size, {standard_error('a.score')} as error "
        "from css_item_monthly i left join fct_css_answer a using (store_code, month, item_code) "
        "where i.store_code = ? and i.month = ? group by all"
    )
    return {
        row["item_code"]: mean_estimate(row["score"], row["error"], row["sample_size"])
        for row in scope.marts.rows(sql, scope.store_code, month)
    }


def _item_rows(scope: Scope, items: list[Row]) -> list[tuple[Cell, ...]]:
    now, before = item_estimates(scope, scope.month), item_estimates(scope, scope.previous)
    return [
        (
            capital(seed_label("mot_items", item["item_code"])),
            item["weight"],
            item["previous_score"],
            item["score"],
            change(now[item["item_code"]], before.get(item["item_code"], Estimate()), Form.SCORE, True),
            item["region_score"],
            distance(now[item["item_code"]], item["region_score"], Form.SCORE, True),
            item["national_score"],
            distance(now[item["item_code"]], item["national_score"], Form.SCORE, True),
            item["sample_size"],
            care(item["sample_size"]),
        )
        for item in items
    ]


def _score_row(card: Scorecard, store: Row, code: str, label: Text, weight: float | None) -> tuple[Cell, ...]:
    """A score of the whole survey, below the items."""
    figured = card.figured(code)
    region, nation = store[f"region_{code}"], store[f"national_{code}"]
    return (
        label,
        weight,
        store[f"previous_{code}"],
        store[code],
        change(figured.now, figured.before, Form.SCORE, True),
        region,
        distance(figured.now, region, Form.SCORE, True),
        nation,
        distance(figured.now, nation, Form.SCORE, True),
        store["sample_size"],
        care(store["sample_size"]),
    )


def _item_table(scope: Scope, items: list[Row], store: Row, card: Scorecard) -> Table:
    css_label = Text("CSS score (the survey's overall question)", "CSS 得分（总体满意度）")
    mot_label = Text("MOT score (weighted items)", "MOT 得分（加权）")
    return Table(
        Text("Items, weights and comparisons", "题目、权重与对比"),
        (
            Column(Text("Item", "题目"), Form.TEXT),
            Column(Text("Weight", "权重"), Form.RATE, 0),
            Column(Text("Last month", "上月"), Form.SCORE),
            Column(Text("This month", "本月"), Form.SCORE),
            Column(Text("Change", "较上月"), Form.SCORE),
            Column(Text("Region", "分中心"), Form.SCORE),
            Column(Text("Gap to region", "差距"), Form.SCORE),
            Column(Text("Nation", "全国"), Form.SCORE),
            Column(Text("Gap to nation", "差距"), Form.SCORE),
            Column(Text("n", "样本"), Form.COUNT),
            READ_WITH_CARE,
        ),
        (
            *_item_rows(scope, items),
            _score_row(card, store, "css_score", css_label, None),
            _score_row(card, store, "mot_score", mot_label, sum(item["weight"] for item in items)),
        ),
        note=_samples(store),
        total=True,
    )


def _samples(store: Row) -> Text:
    """The table's note: the sample sizes of its columns."""
    parts = [
        (Text("last month", "上月"), store["previous_sample_size"]),
        (Text("region", "分中心"), store["region_sample_size"]),
        (Text("nation", "全国"), store["national_sample_size"]),
    ]
    known = [(label, size) for label, size in parts if size is not None]
    english = ", ".join(f"{label.en} {size:,}" for label, size in known)
    chinese = "、".join(f"{label.zh} {size:,}" for label, size in known)
    return Text(
        "100 = the survey's target. Changes in grey are within noise" + (f". Responses: {english}." if known else "."),
        "100 为调研目标值；灰色变化属正常波动" + (f"。样本量：{chinese}。" if known else "。"),
    )


def _survey_figure(figured: Figured, store: Row) -> Figure:
    """A score of the survey, compared with the survey's own benchmarks of region and nation."""
    code = figured.kpi.code
    figure = kpi_figure(replace(figured, region=store[f"region_{code}"]))
    nation = store[f"national_{code}"]
    if nation is None:
        return figure
    comparison = Comparison(NATION, nation, leaves_out(figured.now, nation))
    return replace(figure, comparisons=(*figure.comparisons, comparison))


def _gap_chart(scope: Scope, items: list[Row]) -> Block:
    """Items by their gap to the region, the lowest first, each with its interval."""
    estimates = item_estimates(scope, scope.month)
    known = [item for item in items if item["region_score"] is not None]
    ordered = sorted(known or items, key=lambda item: (item["low_rank"], item["item_code"]))
    reference = {i["item_code"]: i["region_score"] if known else 0.0 for i in ordered}
    shown = [(i["item_code"], estimates[i["item_code"]]) for i in ordered]
    title = (
        Text("Gap to the region, weakest item first", "与分中心的差距（由低到高）")
        if known
        else Text("Item scores, weakest first", "题目得分（由低到高）")
    )

    def shifted(code: str, value: float | None) -> float | None:
        return None if value is None else value - reference[code]

    return Intervals(
        title,
        tuple(capital(seed_label("mot_items", code)) for code, _ in shown),
        tuple(shifted(code, estimate.value) for code, estimate in shown),
        tuple(shifted(code, estimate.low) for code, estimate in shown),
        tuple(shifted(code, estimate.high) for code, estimate in shown),
        tuple(estimate.sample_size for _, estimate in shown),
        Form.SCORE,
        Comparison(REGION, 0.0) if known else None,
        note=Text(
            "Bars show the 95% interval of the mean. One that crosses the line: no difference beyond noise.",
            "横线为 95% 置信区间；跨过基准线表示与分中心无显著差异。",
        ),
    )


def _trends(scope: Scope) -> tuple[Block, ...]:
    def lines(title: Text, column: str) -> Lines:
        return Lines(
            title,
            scope.trend_labels,
            (
                Series(OWN, scope.trend("css_store_monthly", column)),
                Series(REGION, scope.trend("css_store_monthly", f"region_{column}"), quiet=True),
                Series(NATION, scope.trend("css_store_monthly", f"national_{column}"), quiet=True),
            ),
            Form.SCORE,
        )

    return (
        lines(Text("MOT score by month", "MOT 得分趋势"), "mot_score"),
        lines(Text("CSS score by month", "CSS 得分趋势"), "css_score"),
    )


def _drivers(scope: Scope) -> tuple[Block, ...]:
    sql = "from css_driver where store_code = ? order by correlation desc nulls last, item_code"
    rows = scope.marts.rows(sql, scope.store_code)
    if not rows:
        return ()
    return (
        Table(
            Text("What drives overall satisfaction", "哪些题目影响总体满意度"),
            (
                Column(Text("Item", "题目"), Form.TEXT),
                Column(Text("Correlation with overall", "与总体满意度相关"), Form.SCORE, 2),
                Column(Text("Mean score", "平均得分"), Form.SCORE),
                Column(Text("Answers", "样本"), Form.COUNT),
                Column(Text("What to do", "建议"), Form.TEXT),
                READ_WITH_CARE,
            ),
            tuple(
                (
                    capital(seed_label("mot_items", row["item_code"])),
                    row["correlation"],
                    row["mean_score"],
                    row["sample_size"],
                    _QUADRANTS.get(row["priority_quadrant"]),
                    care(row["sample_size"]),
                )
                for row in rows
            ),
            note=Text(
                f"Over the twelve months to {scope.marts.as_of:%Y-%m}. Fix first: drives satisfaction, scored low; "
                "keep up: drives it, scored high; watch: drives less, scored low. Correlation is not causation.",
                f"取截至 {scope.marts.as_of:%Y-%m} 的十二个月。优先改进：影响大、得分低；继续保持：影响大、得分高；"
                "关注：影响小、得分低。相关不等于因果。",
            ),
        ),
    )


def _segment_value(segment: str, value: str) -> Text:
    if segment == "gender":
        return enum_label("dms/customers", "gender", value)
    if segment == "customer_type":
        return enum_label("dms/customers", "customer_type", value)
    return Text(value, value)


def _segments(scope: Scope) -> tuple[Block, ...]:
    """Satisfaction by customer segment, for segmentations with more than one value in the store's responses."""
    rows = scope.rows("css_segment_monthly", order="segment, sample_size desc, segment_value")
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["segment"]] = counts.get(row["segment"], 0) + 1
    shown = [row for segment in _SEGMENTS for row in rows if row["segment"] == segment and counts[segment] > 1]
    if not shown:
        return ()
    return (
        Table(
            Text("Who answered, and how satisfied they are", "客户细分满意度"),
            (
                Column(Text("Segment", "细分"), Form.TEXT),
                Column(Text("Value", "取值"), Form.TEXT),
                Column(Text("n", "样本"), Form.COUNT),
                Column(Text("MOT", "MOT"), Form.SCORE),
                Column(Text("CSS", "CSS"), Form.SCORE),
                READ_WITH_CARE,
            ),
            tuple(
                (
                    capital(_SEGMENTS[row["segment"]]),
                    _segment_value(row["segment"], row["segment_value"]),
                    row["sample_size"],
                    row["mot_score"],
                    row["css_score"],
                    care(row["sample_size"]),
                )
                for row in shown
            ),
            note=Text(
                f"Segments of fewer than {SMALL_SAMPLE} answers are for information only.",
                f"样本少于 {SMALL_SAMPLE} 的细分仅供参考。",
            ),
        ),
    )


def _mystery(scope: Scope) -> tuple[Block, ...]:
    rows = {row["section_code"]: row for row in scope.rows("mystery_store_monthly")}
    if not rows:
        sql = "select max(month) as month from mystery_store_monthly where store_code = ? and month < ?"
        last = scope.marts.rows(sql, scope.store_code, scope.month)[0]["month"]
        name = month_name(last) if last else None
        return (
            Note(
                Text(
                    f"No mystery-shopping visit in {scope.month_name.en}"
                    + (f"; the last one was in {name.en}." if name else "."),
                    f"{scope.month_name.zh}没有神秘访客检查" + (f"，最近一次为{name.zh}。" if name else "。"),
                )
            ),
        )
    weights = {code: float(weight) for code, weight in seed_column("mystery_sections", "weight").items()}
    sections = [code for code in weights if code in rows]
    cells: list[tuple[Cell, ...]] = [
        (
            capital(seed_label("mystery_sections", code)),
            weights[code],
            rows[code]["previous_score"],
            rows[code]["score"],
            _moved(rows[code]),
        )
        for code in sections
    ]
    total = rows.get("total")
    if total:
        cells.append((Text("Total", "总分"), None, total["previous_score"], total["score"], _moved(total)))
    return (
        Table(
            Text("Mystery shopping by section", "神秘访客各环节得分"),
            (
                Column(Text("Section", "环节"), Form.TEXT),
                Column(Text("Weight", "权重"), Form.RATE, 0),
                Column(Text("Last month", "上月"), Form.SCORE, 2),
                Column(Text("This month", "本月"), Form.SCORE, 2),
                Column(Text("Change", "较上月"), Form.SCORE, 2),
            ),
            tuple(cells),
            note=Text(
                "A single visit reflects that day only; it shows no trend.",
                "单次检查只反映当日情况，不代表趋势。",
            ),
            total=total is not None,
        ),
        Bars(
            Text("Mystery shopping: this month and last", "神秘访客：本月与上月"),
            tuple(capital(seed_label("mystery_sections", code)) for code in sections),
            (
                Series(Text("this month", "本月"), tuple(rows[code]["score"] for code in sections)),
                Series(
                    Text("last month", "上月"), tuple(rows[code]["previous_score"] for code in sections), quiet=True
                ),
            ),
            Form.SCORE,
            horizontal=True,
        ),
    )


def _moved(row: Row) -> Change:
    before = row["previous_score"]
    return Change(None if before is None or row["score"] is None else row["score"] - before, Form.SCORE, decimals=2)


def _low_items(scope: Scope, items: list[Row]) -> Text | None:
    """The items that are below the region by more than noise."""
    estimates = item_estimates(scope, scope.month)
    compared = [item for item in items if item["region_score"] is not None]
    if not compared:
        return None
    low = [
        item
        for item in compared
        if (moved := distance(estimates[item["item_code"]], item["region_score"], Form.SCORE, True)).is_news
        and (moved.value or 0) < 0
    ]
    if not low:
        return Text("no item is below the region by more than noise", "没有题目显著低于分中心")
    names = listed([seed_label("mot_items", item["item_code"]) for item in low])
    return Text(f"below the region by more than noise: {names.en}", f"显著低于分中心：{names.zh}")


def satisfaction(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of the external survey and mystery shopping."""
    store = scope.row("css_store_monthly")
    items = scope.rows("css_item_monthly", order="item_code")
    mot, css, mystery = (card.figured(code) for code in ("mot_score", "css_score", "mystery_score"))
    blocks: list[Block] = []
    if store:
        count = count_figure(Text("Responses", "有效样本"), store["sample_size"], store["previous_sample_size"])
        figures = [_survey_figure(mot, store), _survey_figure(css, store), count]
        if mystery.now.value is not None:
            figures.insert(2, kpi_figure(mystery))
        blocks += [Figures(tuple(figures)), _item_table(scope, items, store, card), _gap_chart(scope, items)]
        blocks += [*_trends(scope), *_drivers(scope), *_segments(scope)]
    else:
        blocks.append(no_data(Text("external survey responses", "外部满意度样本"), scope.month_name))
    blocks += _mystery(scope)
    headline = joined(
        *(kpi_clause(figured.kpi, figured.now, figured.before) for figured in (mot, css)),
        _low_items(scope, items) if items else None,
        kpi_clause(mystery.kpi, mystery.now, mystery.before),
    )
    return Chapter(2, _TITLE, _QUESTION, headline, tuple(blocks))
