"""Delete one person on request."""

import json
import logging
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.load.hash_key import read_hash_key
from dagster_project.privacy.forgotten import Forgotten, ForgottenError, Request, forgotten_path, read_forgotten
from dagster_project.privacy.lake import forget_in_lake, is_applied, note_applied
from dagster_project.privacy.person import LakeRows
from dagster_project.privacy.pseudonym import new_number, new_vin
from dagster_project.publish.publish import remove_states_before
from dagster_project.settings import TIME_ZONE, Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What a deletion changes: the new list of forgotten people, and the number of rows of each dataset.

    `same_phone` lists other customers with the person's phone (store and number), `names` the person's names.
    """

    forgotten: Forgotten
    request: Request
    rows: dict[str, int]
    same_phone: list[tuple[str, str]]
    names: list[str]


def plan_forgetting(settings: Settings, store: str, customer: str) -> Plan:
    """What deleting a customer would change; nothing is written. Raises ForgottenError for an unknown customer."""
    forgotten = read_forgotten(settings.data, read_hash_key(settings.data))
    hashed = forgotten.hashed("customer", store, customer)
    earlier = next((request for request in forgotten.requests if request.customer == hashed), None)
    rows = LakeRows(settings.lake)
    person = rows.person(store, [customer, *([earlier.pseudonym] if earlier else [])])
    if not person.rows and earlier is None:
        raise ForgottenError(
            f"no row of {settings.lake} names a customer {customer} of store {store}: "
            "look the number up with `aftersales forget --phone` or `--name`"
        )
    marked: dict[str, list[tuple[str, ...]]] = {
        "phone": [(phone,) for phone in person.phones],
        "plate": [(plate,) for plate in person.plates],
        "name": [(store, name) for name in person.names],
        "case": [(store, number) for number in person.cases],
        "callback": [(store, number) for number in person.callbacks],
    }
    marks = {forgotten.hashed(kind, *values) for kind, found in marked.items() for values in found}
    known = earlier.vins if earlier else {}
    # A vehicle of two people who are both forgotten keeps its first pseudonym.
    pseudonyms = {pseudonym for request in forgotten.requests for pseudonym in request.vins.values()}
    found = [vin for vin in person.vins if vin not in pseudonyms and forgotten.vin(vin) is None]
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    request = Request(
        request=earlier.request if earlier else f"{now:%Y%m%d}-{secrets.token_hex(3)}",
        forgotten_at=now.isoformat(timespec="seconds"),
        store_code=store,
        customer=hashed,
        pseudonym=earlier.pseudonym if earlier else new_number(),
        vins=known | {forgotten.hashed("vin", vin): new_vin(vin) for vin in found},
        marks=sorted(marks.union(earlier.marks if earlier else ())),
    )
    new = forgotten.with_request(request)
    same = [other for other in rows.customers_of(phones=person.phones, names=[]) if other != (store, customer)]
    return Plan(
        forgotten=new,
        request=request,
        rows=forget_in_lake(settings.lake, new, write=False),
        same_phone=same,
        names=person.names,
    )


def _log_path(settings: Settings) -> Path:
    return forgotten_path(settings.data).with_suffix(".log")


def _log(settings: Settings, request: Request, rows: dict[str, int], by: str) -> None:
    """Add one line to `<data>/private/forgotten.log`: what was done, without naming the person."""
    line = {"at": request.forgotten_at, "by": by, "request": request.request, "store_code": request.store_code}
    descriptor = os.open(_log_path(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "a", encoding="utf-8") as log:
        log.write(json.dumps(line | {"rows": rows}, ensure_ascii=False) + "\n")
    logger.info("request %s of store %s: %s rows forgotten", request.request, request.store_code, sum(rows.values()))


def _remove_copies(settings: Settings) -> None:
    """Remove everything derived from the lake that may still contain the person; the next run rebuilds it."""
    for path in settings.data.glob(f"{settings.warehouse.stem}.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    # Damaged parts can't be read, so their rows are unknown.
    damaged = settings.lake.glob("*/*/damaged")
    reports = settings.data / "reports" / "quality"
    for folder in (settings.lake / "errors", settings.logs / "dbt", reports, settings.cluster, *damaged):
        shutil.rmtree(folder, ignore_errors=True)
    remove_states_before(settings.published, datetime.now(TIME_ZONE).replace(tzinfo=None))


def forget(settings: Settings, plan: Plan, by: str) -> list[tuple[str, int]]:
    """Delete the person from the lake and from what is derived from it; published tables follow with the next run.

    `by` is recorded in the log. The list is written first, so that a run after a crash completes the deletion. Returns
    file and line of other people's texts that contain the person's name: only their authors can know whether they mean
    this person.
    """
    plan.forgotten.write(settings.data)
    rows = forget_in_lake(settings.lake, plan.forgotten)
    _log(settings, plan.request, rows, by)
    _remove_copies(settings)
    note_applied(settings.lake, plan.forgotten)
    return LakeRows(settings.lake).texts_naming(plan.names)


def settle_forgotten(settings: Settings, hash_key: str) -> Forgotten:
    """The list of forgotten people; if the lake still holds any of them, as after a restore, they are removed."""
    forgotten = read_forgotten(settings.data, hash_key)
    if not is_applied(settings.lake, forgotten):
        rows = forget_in_lake(settings.lake, forgotten)
        logger.warning("the lake held forgotten people: %s rows changed", sum(rows.values()))
        logged = _log_path(settings).read_text(encoding="utf-8") if _log_path(settings).exists() else ""
        for request in forgotten.requests:
            if request.request not in logged:
                _log(settings, request, rows, "a run")
        _remove_copies(settings)
        note_applied(settings.lake, forgotten)
    return forgotten


def remove_published(settings: Settings, forgotten: Forgotten) -> None:
    """Remove the published states that are older than the last request."""
    if forgotten:
        last = max(datetime.fromisoformat(request.forgotten_at) for request in forgotten.requests)
        remove_states_before(settings.published, last)
