"""The published tables and headline figures that are made from a dataset, or from a column of it."""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from dagster_project.reports.seeds import seed_labels
from dagster_project.reports.text import Text

_NOT_FIGURES = ("quality_", "restatement")


@dataclass(frozen=True)
class Kpi:
    """A headline figure: the mart that holds it, and the columns it is computed from, by dataset."""

    code: str
    label: Text
    mart: str
    columns: dict[str, frozenset[str]]


def _kpi(code: str, mart: str, **columns: str) -> Kpi:
    """A figure; columns as `dms__repair_orders="vin status"`."""
    used = {name.replace("__", "/", 1): frozenset(text.split()) for name, text in columns.items()}
    return Kpi(code, seed_labels("kpis")[code], mart, used)


_CSS = "response_no item_code store_code period score"
_CALLS = "called_at outcome"
_ANSWERS = "question_code score"

KPIS = (
    _kpi("mot_score", "css_store_monthly", survey__css_responses=_CSS),
    _kpi("css_score", "css_store_monthly", survey__css_responses=_CSS),
    _kpi(
        "mystery_score",
        "mystery_store_monthly",
        survey__mystery_visits="section_code store_code visited_on points max_points",
    ),
    _kpi(
        "callback_delighted_rate",
        "callback_store_monthly",
        survey__callbacks=_CALLS,
        survey__callback_answers=_ANSWERS,
    ),
    _kpi(
        "callback_disappointed_rate",
        "callback_store_monthly",
        survey__callbacks=_CALLS,
        survey__callback_answers=_ANSWERS,
    ),
    _kpi(
        "nps",
        "callback_store_monthly",
        survey__callbacks=_CALLS,
        survey__callback_answers=_ANSWERS,
    ),
    _kpi(
        "complaint_rate",
        "complaint_store_monthly",
        complaint__cases="case_type received_at",
        dms__repair_orders="checked_in_at status",
    ),
    _kpi(
        "complaint_resolution_rate",
        "complaint_store_monthly",
        complaint__cases="received_at",
        complaint__case_events="event_type event_at",
    ),
    _kpi(
        "first_response_minutes",
        "complaint_store_monthly",
        complaint__cases="received_at",
        complaint__case_events="event_type event_at",
    ),
    _kpi(
        "first_fix_rate",
        "first_fix_store_monthly",
        dms__repair_orders="vin odometer_km checked_in_at delivered_at status original_repair_order_no",
        dms__repair_order_lines="concern fixed_first_visit",
    ),
    _kpi(
        "appointment_rate",
        "appointment_store_monthly",
        dms__repair_orders="checked_in_at status appointment_no",
        dms__appointments="status repair_order_no",
    ),
    _kpi(
        "proactive_appointment_rate",
        "appointment_store_monthly",
        dms__repair_orders="checked_in_at status appointment_no",
        dms__appointments="status repair_order_no initiated_by",
    ),
    _kpi(
        "no_show_rate",
        "appointment_store_monthly",
        dms__appointments="scheduled_at status",
    ),
    _kpi(
        "on_time_delivery_rate",
        "service_efficiency_monthly",
        dms__repair_orders="checked_in_at promised_at delivered_at status",
    ),
    _kpi(
        "churn_rate",
        "churn_cohort_monthly",
        dms__repair_orders="vin checked_in_at status",
    ),
    _kpi(
        "active_customers",
        "customer_base_monthly",
        dms__repair_orders="customer_no checked_in_at status",
    ),
)


def kpis_of(dataset: str, column: str | None, key: tuple[str, ...] = ()) -> list[Kpi]:
    """The figures computed from a column of the dataset; all of the dataset's for a key column, or without a column."""
    if column is None or column in key:
        return [kpi for kpi in KPIS if dataset in kpi.columns]
    return [kpi for kpi in KPIS if column in kpi.columns.get(dataset, ())]


def marts_by_dataset(manifest: Path) -> dict[str, list[str]]:
    """The marts that descend from each dataset's staging model, from dbt's manifest; empty without a manifest."""
    if not manifest.exists():
        return {}
    document = json.loads(manifest.read_text(encoding="utf-8"))
    nodes, children = document["nodes"], document["child_map"]
    found = {}
    for node_id, node in nodes.items():
        name = node["name"]
        if node["resource_type"] == "model" and name.startswith("stg_"):
            dataset = name.removeprefix("stg_").replace("__", "/", 1)
            found[dataset] = sorted(_marts_below(node_id, nodes, children))
    return found


def _marts_below(start: str, nodes: dict, children: dict) -> set[str]:
    seen, waiting, marts = {start}, deque([start]), set()
    while waiting:
        for child in children.get(waiting.popleft(), []):
            node = nodes.get(child)
            if node is None or child in seen or node["resource_type"] != "model":
                continue
            seen.add(child)
            waiting.append(child)
            if node["schema"] == "marts" and not node["name"].startswith(_NOT_FIGURES):
                marts.add(node["name"])
    return marts
