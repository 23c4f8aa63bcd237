"""Plot CPU seconds over size, stage by stage, of product and reference; both axes are logarithmic."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import vl_convert

from benchmarks.tables import FULL

_STAGES = {
    "start-up": "start-up 启动",
    "load": "load 加载",
    "imports": "imports 检查导入",
    "model": "model 建模",
    "check": "check 检查",
    "publish": "publish 发布",
    "report": "report 质量报告",
}
_SIDES = {"product": "product 本项目", "reference": "SQL by hand 手写 SQL"}
_COLOURS = ["#9aa5b1", "#2b6cb0", "#d69e2e", "#c05621", "#2f855a", "#805ad5", "#b83280"]
_LOGARITHMIC = alt.Scale(type="log", nice=False, padding=12)
_DECADES = alt.Axis(values=[10**power for power in range(-2, 9)], format=",~g", grid=True)


def draw(records: Sequence[dict], path: Path) -> None:
    """Write the plot as .svg or .png, by the path's ending."""
    rows = [
        {
            "repair orders": record["repair_orders"],
            "of": _SIDES[record["of"]],
            "stage": _STAGES[cost["stage"]],
            # A stage that takes no time has no place on a logarithmic axis.
            "cpu": max(cost["cpu"], 0.01),
        }
        for record in records
        if record["run"] == FULL
        for cost in record["stages"]
    ]
    axes = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("repair orders:Q", scale=_LOGARITHMIC, axis=_DECADES, title="repair orders 工单数"),
        y=alt.Y("cpu:Q", scale=_LOGARITHMIC, axis=_DECADES, title="CPU seconds 处理器秒"),
        color=alt.Color(
            "stage:N", title="stage 阶段", sort=None, scale=alt.Scale(domain=list(_STAGES.values()), range=_COLOURS)
        ),
    )
    # Points have no dashes: without these settings the legend's samples of the lines would be blank.
    samples = alt.Legend(symbolStrokeColor="#333333", symbolSize=300)
    sides = alt.StrokeDash("of:N", title=None, sort=list(_SIDES.values()), legend=samples)
    lines = axes.mark_line().encode(strokeDash=sides)
    points = axes.mark_point(filled=True, opacity=1)
    chart = (lines + points).properties(width=620, height=380).configure_view(stroke=None)
    spec = chart.to_dict()
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
    else:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
