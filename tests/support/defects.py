"""Planted defects, each for one check, and values at the bound of a check that are not defects.

Each is planted in a copy of the sample's warehouse, in a transaction that is rolled back. `victims` are rows of the
dataset; the statements break them and nothing else that the check looks at.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A planted defect.

    `victims` is the condition that picks the rows to break (the first `count` by key), `set` the assignment that
    breaks them in the rows that the check reads, `statements` other SQL, in which `{victims}` is the table of their
    keys. `failed` is the number of rows that must fail, the victims by default; `named` the SQL of their
    source_file and source_line if the victims are not the rows at fault; None if no row is. `months` are
    those that must be named of the victim's store, where months are at fault.
    """

    set: str | None = None
    victims: str = "true"
    count: int = 3
    statements: tuple[str, ...] = ()
    failed: int | None = None
    named: str | None = "select source_file, source_line from victims"
    months: tuple[str, ...] = ()


ORDERS = "staging.stg_dms__repair_orders"
LINES = "staging.stg_dms__repair_order_lines"
HAS_ORDER = "repair_order_no is not null"
OTHER_DIGIT = "vin[:8] || case when vin[9] = '0' then '1' else '0' end || vin[10:]"
OVER = "checked_in_at >= timestamp '2025-09-01' and checked_in_at < timestamp '2025-10-01'"
DELIVERED = "status = 'delivered'"
RESPONDED = (
    "(store_code, case_no) in (select (store_code, case_no) from staging.stg_complaint__case_events"
    " where event_type = 'first_response')"
)
THAT_STORE = "store_code = (select store_code from {victims})"
# Store S001 sent nothing from the end of September on; what arrived later was of July to September.
SENT_LATER = f"{THAT_STORE} and extract_at >= timestamp '2025-09-30'"
GAP = ("2025-07", "2025-08", "2025-09", "2025-10")


def _gap(statement: str, months: tuple[str, ...]) -> Defect:
    return Defect(count=1, statements=(statement,), failed=len(months), named=None, months=months)


def column_defects() -> dict[str, Defect]:
    """Defects of single values, by the check's name, which is the same in every dataset."""
    return {
        "vin_form": Defect("vin = 'O' || vin[2:]", "vin is not null"),
        "vin_check_digit": Defect(f"vin = {OTHER_DIGIT}", "vin is not null"),
        "score_inside_scale": Defect("score = 151"),
        "satisfaction_inside_scale": Defect("satisfaction_score = 6", "satisfaction_score is not null"),
        "phone_form": Defect("phone = '1' || phone"),
        "plate_form": Defect("plate_no = plate_no || 'Z'"),
        "birth_year_plausible": Defect("birth_year = 1914"),
        "rate_is_fraction": Defect("target_value = 35", "kpi_code like '%_rate'"),
        "points_inside_scale": Defect("points = max_points + 0.5"),
        "scope_code_known": Defect("scope_code = 'X'"),
        "mot_item_known": Defect("mot_item = 'mot11'", "mot_item is not null"),
        "left_after_hired": Defect("left_on = hired_on - 1", "hired_on is not null"),
    }


def row_defects() -> dict[str, Defect]:
    """Defects that show in comparison with other rows, by dataset and check."""
    order = "store_code, repair_order_no"
    return {
        "dms/repair_orders.has_line": Defect(
            victims="status <> 'void'",
            statements=(f"delete from {LINES} where ({order}) in (select ({order}) from {{victims}})",),
        ),
        "dms/repair_orders.delivered_at_of_delivered": Defect("delivered_at = null", DELIVERED),
        "dms/repair_orders.months_without_extract": _gap(
            f"delete from {ORDERS} where {OVER} and {THAT_STORE}", ("2025-09",)
        ),
        "dms/repair_orders.total_is_labour_and_parts": Defect(
            "total_amount = total_amount + 0.02", "total_amount is not null"
        ),
        "dms/repair_orders.labour_is_sum_of_lines": Defect(
            "labour_amount = labour_amount + 0.02", "labour_amount is not null"
        ),
        "dms/repair_orders.parts_is_sum_of_lines": Defect(
            "parts_amount = parts_amount + 0.02", "parts_amount is not null"
        ),
        # Repair orders with a total only: no other check compares it with the lines.
        "dms/repair_orders.total_is_sum_of_lines": Defect(
            "total_amount = total_amount + 0.02, labour_amount = null, parts_amount = null", "total_amount is not null"
        ),
        "dms/repair_orders.odometer_not_below_earlier": Defect(
            "odometer_km = 1",
            f"status <> 'void' and ({order}) in (select (store_code, max(repair_order_no)) from {ORDERS}"
            " where odometer_km is not null and status <> 'void' group by store_code, vin having count(*) > 1)",
        ),
        "dms/repair_orders.checked_in_since_1990": Defect("checked_in_at = timestamp '1899-12-30 00:00:00'"),
        "dms/repair_orders.order_signed_after_checked_in": Defect(
            "order_signed_at = checked_in_at - interval 1 minute", DELIVERED
        ),
        "dms/repair_orders.completed_after_order_signed": Defect(
            "completed_at = order_signed_at - interval 1 minute", DELIVERED
        ),
        "dms/repair_orders.completed_after_checked_in": Defect(
            "completed_at = checked_in_at - interval 1 minute, order_signed_at = null", DELIVERED
        ),
        "dms/repair_orders.delivered_after_completed": Defect(
            "delivered_at = completed_at - interval 1 second", DELIVERED
        ),
        "dms/repair_orders.delivered_after_order_signed": Defect(
            "delivered_at = order_signed_at - interval 1 minute, completed_at = null", DELIVERED
        ),
        "dms/repair_orders.delivered_after_checked_in": Defect(
            "delivered_at = checked_in_at - interval 1 day", DELIVERED
        ),
        "dms/repair_orders.customer_no_as_on_vehicle": Defect("customer_no = 'other'"),
        "dms/repair_order_lines.reason_of_not_fixed": Defect("not_fixed_reason = null", "fixed_first_visit = false"),
        "dms/repair_order_lines.months_without_extract": _gap(f"delete from {LINES} where {SENT_LATER}", GAP),
        "dms/appointments.months_without_extract": _gap(
            f"delete from staging.stg_dms__appointments where {SENT_LATER}", GAP
        ),
        "complaint/cases.months_without_extract": _gap(
            f"delete from staging.stg_complaint__cases where {SENT_LATER}", GAP
        ),
        "survey/css_responses.months_without_extract": _gap(
            # Responses of three months arrive with one extract; October's are not due yet.
            f"delete from staging.stg_survey__css_responses where {THAT_STORE} and extract_at > timestamp '2025-07-10'",
            ("2025-07", "2025-08", "2025-09"),
        ),
        "dms/appointments.kept_means_repair_order": Defect(
            victims="status = 'kept' and appointment_no in (select appointment_no from staging.stg_dms__repair_orders)",
            count=4,
            statements=(
                # Two whose repair order is gone, two that say they were not kept although it is there.
                f"delete from {ORDERS} where (store_code, appointment_no) in"
                " (select (store_code, appointment_no) from {victims} order by all limit 2)",
                "update staging.stg_dms__appointments set status = 'no_show' where (store_code, appointment_no) in"
                " (select (store_code, appointment_no) from {victims} order by all limit 2 offset 2)",
            ),
        ),
        "dms/appointments.customer_no_as_on_repair_order": Defect("customer_no = 'other'", HAS_ORDER),
        "dms/appointments.vin_as_on_repair_order": Defect("vin = 'other'", HAS_ORDER),
        "dms/vehicles.brand_alike_at_all_stores": Defect(
            victims="store_code = 'S001'",
            count=2,
            statements=(
                "insert into staging.stg_dms__vehicles by name select * replace ('S002' as store_code, brand || '2' as"
                " brand, -source_line as source_line) from staging.stg_dms__vehicles where (store_code, vin) in"
                " (select (store_code, vin) from {victims})",
            ),
            failed=4,
            named="select source_file, unnest([source_line, -source_line]) from victims",
        ),
        "dms/vehicles.model_alike_at_all_stores": Defect(
            victims="store_code = 'S001'",
            count=2,
            statements=(
                "insert into staging.stg_dms__vehicles by name select * replace ('S002' as store_code, model || '2' as"
                " model, -source_line as source_line) from staging.stg_dms__vehicles where (store_code, vin) in"
                " (select (store_code, vin) from {victims})",
            ),
            failed=4,
            named="select source_file, unnest([source_line, -source_line]) from victims",
        ),
        "dms/vehicles.brand_as_of_store": Defect("brand = brand || '2'"),
        "survey/callbacks.q1_of_completed": Defect(
            victims="outcome = 'completed'",
            count=4,
            statements=(
                # Two without the answer, two with a blank one.
                "delete from staging.stg_survey__callback_answers where question_code = 'Q1' and (store_code,"
                " callback_no) in (select (store_code, callback_no) from {victims} order by all limit 2)",
                *(
                    f"update {table} set score = null where question_code = 'Q1' and (store_code,"
                    " callback_no) in (select (store_code, callback_no) from {victims} order by all limit 2 offset 2)"
                    for table in ("lake.survey__callback_answers", "staging.stg_survey__callback_answers")
                ),
            ),
        ),
        "survey/callbacks.months_without_callbacks": _gap(
            f"delete from staging.stg_survey__callbacks where {THAT_STORE}"
            " and called_at >= timestamp '2025-09-01' and called_at < timestamp '2025-10-01'",
            ("2025-09",),
        ),
        "survey/callbacks.customer_no_as_on_repair_order": Defect("customer_no = 'other'", HAS_ORDER),
        "survey/callbacks.advisor_no_as_on_repair_order": Defect("advisor_no = 'other'", HAS_ORDER),
        "survey/callbacks.called_after_delivery": Defect("called_at = timestamp '2020-01-01'", HAS_ORDER),
        "survey/callback_answers.score_inside_scale": Defect(
            "score = case question_code when 'Q8' then 11 when 'Q9' then 1 else 6 end",
            "callback_no = (select min(callback_no) from lake.survey__callback_answers where question_code = 'Q9')",
            count=9,
        ),
        "survey/churn_callbacks.reason_of_completed": Defect("reason = null", "outcome = 'completed'"),
        "survey/churn_callbacks.visited_in_cohort_month": Defect("cohort_month = date '2020-01-01'"),
        "survey/css_benchmarks.mot_is_weighted_items": Defect("score = score + 0.11", "item_code = 'MOT'"),
        "survey/css_benchmarks.store_score_as_computed": Defect(
            # Rounding takes up to 0.05 of the tolerance.
            "score = score + 0.16",
            "scope = 'store' and item_code in ('MOT', 'CSS', 'mot03')",
            count=6,
        ),
        "survey/css_responses.advisor_no_as_on_repair_order": Defect("advisor_no = 'other'", HAS_ORDER),
        "survey/css_responses.response_told_alike": Defect(
            "period = date '2020-01-01'",
            "item_code = 'mot01'",
            count=1,
            failed=11,
            named="select source_file, source_line from staging.stg_survey__css_responses"
            " where response_no = (select response_no from victims)",
        ),
        "complaint/cases.customer_no_as_on_repair_order": Defect("customer_no = 'other'", HAS_ORDER),
        "complaint/cases.vin_as_on_repair_order": Defect("vin = 'other'", HAS_ORDER),
        "complaint/cases.customer_no_as_on_vehicle": Defect("customer_no = 'other'", "vin is not null"),
        "complaint/case_events.first_response_after_receipt": Defect(
            "event_at = timestamp '2020-01-01'", "event_type = 'first_response'"
        ),
        "complaint/case_events.resolved_after_first_response": Defect(
            "event_at = timestamp '2020-01-01'", f"event_type = 'resolved' and {RESPONDED}"
        ),
        "complaint/case_events.resolved_after_receipt": Defect(
            "event_at = timestamp '2020-01-01'", "event_type = 'resolved'"
        ),
        "planning/improvement_actions.completed_on_of_done": Defect("completed_on = null", "status = 'done'"),
    }


# Scores whose MOT is 100.85 exactly, and that printed half up.
_SCORES = (97.9, 98.6, 101.1, 103, 102.5, 97.5, 100.2, 97.3, 103.8, 102.8)
_TIED = {f"mot{number:02}": score for number, score in enumerate(_SCORES, start=1)}
_PRINTED = " ".join(f"when '{item}' then {score}" for item, score in (_TIED | {"MOT": 100.9}).items())

# Values exactly at the bound, in every row or the given rows: no finding.
HARMLESS: tuple[tuple[str, str, str], ...] = (
    ("survey/css_benchmarks.mot_is_weighted_items", f"score = case item_code {_PRINTED} else score end", "true"),
    ("dms/repair_orders.total_is_labour_and_parts", "total_amount = labour_amount + parts_amount - 0.01", "true"),
    ("dms/repair_orders.labour_is_sum_of_lines", "labour_amount = labour_amount + 0.01", "true"),
    ("dms/repair_orders.total_is_sum_of_lines", "total_amount = total_amount + 0.01", "true"),
    ("dms/repair_orders.order_signed_after_checked_in", "order_signed_at = checked_in_at", "true"),
    ("dms/repair_orders.delivered_after_completed", "completed_at = null", "true"),
    ("dms/repair_orders.odometer_not_below_earlier", "odometer_km = 5000", "true"),
    ("dms/repair_orders.odometer_km_not_negative", "odometer_km = 0", "true"),
    ("dms/repair_orders.nothing_after_extract", "checked_in_at = extract_at + interval 1439 minutes",
     "extract_at = date_trunc('day', extract_at)"),
    ("dms/repair_orders.nothing_after_extract", "settled_at = extract_at",
     "extract_at > date_trunc('day', extract_at)"),
    ("planning/improvement_actions.mot_item_known", "mot_item = 'MOT04'", "true"),
    ("planning/improvement_actions.mot_item_known", "mot_item = '解释结算清单'", "true"),
    ("dms/vehicles.plate_form", "plate_no = '京AD12345'", "true"),
    ("dms/vehicles.plate_form", "plate_no = '粤B12345F'", "true"),
    ("dms/vehicles.plate_form", "plate_no = '沪C·1234学'", "true"),
    ("dms/vehicles.vin_check_digit", "vin = '1M8GDM9AXKP042788'", "true"),
    ("dms/vehicles.vin_check_digit", "vin = '11111111111111111'", "true"),
    ("dms/vehicles.vin_check_digit", "vin = 'too short'", "true"),
    ("dms/customers.phone_form", "phone = '+86 13800138000'", "true"),
    ("survey/css_responses.score_inside_scale", "score = 150", "true"),
    ("survey/callback_answers.score_inside_scale", "score = 0", "question_code = 'Q8'"),
    ("survey/callback_answers.score_inside_scale", "score = 5", "question_code in ('Q1', 'Q7')"),
    ("survey/mystery_visits.points_inside_scale", "points = max_points", "true"),
    ("survey/callbacks.customer_no_as_on_repair_order", "customer_no = null", "true"),
)  # fmt: skip
