"""Every mart that the reference calculates."""

from collections.abc import Callable
from datetime import date

from tests.reference import appointments, callbacks, churn, complaints, css, first_fix, management, mystery
from tests.reference.facts import Facts, read_facts
from tests.reference.landing import Landed, Row, quality_load, quality_rejected_row

Mart = Callable[[Facts], list[Row]]

FIGURES: list[Mart] = [
    css.css_store_monthly,
    css.css_item_monthly,
    css.css_advisor_monthly,
    css.css_advisor_item_monthly,
    css.css_segment_monthly,
    css.css_driver,
    callbacks.callback_store_monthly,
    callbacks.callback_question_monthly,
    callbacks.callback_advisor_monthly,
    mystery.mystery_store_monthly,
    complaints.complaint_reason_weekly,
    complaints.complaint_reason_monthly,
    complaints.complaint_store_monthly,
    complaints.complaint_responsibility_monthly,
    complaints.complaint_channel_monthly,
    complaints.agent_monthly,
    first_fix.first_fix_technician_monthly,
    first_fix.first_fix_reason_monthly,
    first_fix.first_fix_store_monthly,
    appointments.appointment_store_monthly,
    appointments.service_efficiency_monthly,
    churn.customer_base_monthly,
    churn.churn_cohort_monthly,
    churn.churn_callback_monthly,
    churn.churn_reason_monthly,
    churn.lost_vehicle,
    management.kpi_monthly,
    management.scorecard_monthly,
    management.improvement_action,
]


def reference_marts(landed: Landed, as_of: date) -> dict[str, list[Row]]:
    """The rows of each mart, as the contracts have them."""
    facts = read_facts(landed, as_of)
    marts = {mart.__name__: mart(facts) for mart in FIGURES}
    return marts | {"quality_load": quality_load(landed), "quality_rejected_row": quality_rejected_row(landed)}
