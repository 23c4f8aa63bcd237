"""Assemble the report of a store and month."""

from datetime import date

from dagster_project.reports.monthly.actions import actions
from dagster_project.reports.monthly.blocks import Report, Text
from dagster_project.reports.monthly.callbacks import callbacks
from dagster_project.reports.monthly.churn import churn
from dagster_project.reports.monthly.complaints import complaints
from dagster_project.reports.monthly.cover import summary
from dagster_project.reports.monthly.data_notes import data_notes
from dagster_project.reports.monthly.figures import Scorecard
from dagster_project.reports.monthly.first_fix_and_appointments import first_fix_and_appointments
from dagster_project.reports.monthly.kpis import Estimates
from dagster_project.reports.monthly.next_month import next_month
from dagster_project.reports.monthly.read import Marts
from dagster_project.reports.monthly.satisfaction import satisfaction
from dagster_project.reports.monthly.scope import store_scope


def store_report(marts: Marts, store_code: str, month: date) -> Report:
    """The monthly report of a store; raises NothingToReport for an unknown store or a month without any row."""
    scope = store_scope(marts, store_code, month)
    card = Scorecard(scope, Estimates(marts))
    name = scope.store["store_name"] or store_code
    return Report(
        title=Text("Monthly after-sales report", "售后客户服务月报"),
        subject=Text(store_code, name),
        month=month,
        as_of=marts.as_of,
        published_at=marts.published_at,
        notes=data_notes(marts, [store_code], month),
        summary=summary(scope, card),
        chapters=(
            actions(scope),
            satisfaction(scope, card),
            callbacks(scope, card),
            complaints(scope, card),
            first_fix_and_appointments(scope, card),
            churn(scope, card),
            next_month(scope, card),
        ),
    )
