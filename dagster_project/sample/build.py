"""All rows of the sample, in memory, before they are formatted as extracts."""

from dagster_project.sample.appointments import build_appointments
from dagster_project.sample.callbacks import build_callbacks
from dagster_project.sample.churn import build_churn_callbacks
from dagster_project.sample.complaints import build_cases
from dagster_project.sample.css import build_css
from dagster_project.sample.first_fix import set_failures, set_technicians
from dagster_project.sample.months import Tables
from dagster_project.sample.mystery import build_mystery
from dagster_project.sample.planning import build_actions, build_targets
from dagster_project.sample.repair_orders import set_times, write_orders
from dagster_project.sample.stores import build_staff, store_rows
from dagster_project.sample.visits import build_group


def build_tables() -> Tables:
    """The truth: every accepted row of every dataset, by `<system>/<dataset>`."""
    staff, employees = build_staff()
    group = build_group()
    set_times(group.visits, staff)
    set_technicians(group.visits, staff)
    set_failures(group.visits, staff)
    write_orders(group.visits)
    appointments = build_appointments(group)
    responses, benchmarks = build_css(group.visits)
    calls, answers = build_callbacks(group.visits, staff)
    cases, events = build_cases(group.visits, staff)
    customers = [customer for store in group.customers.values() for customer in store]
    return {
        "dms/stores": store_rows(),
        "dms/employees": employees,
        "dms/customers": [customer.row for customer in customers],
        "dms/vehicles": [vehicle.row for customer in customers for vehicle in customer.vehicles],
        "dms/appointments": appointments,
        "dms/repair_orders": [visit.row for visit in group.visits],
        "dms/repair_order_lines": [line for visit in group.visits for line in visit.lines],
        "survey/css_responses": responses,
        "survey/css_benchmarks": benchmarks,
        "survey/callbacks": calls,
        "survey/callback_answers": answers,
        "survey/churn_callbacks": build_churn_callbacks(group),
        "survey/mystery_visits": build_mystery(),
        "complaint/cases": cases,
        "complaint/case_events": events,
        "planning/improvement_actions": build_actions(staff),
        "planning/targets": build_targets(),
    }
