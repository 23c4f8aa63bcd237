"""The summary that a run prints at its end: datasets, rows, refused files, marts, where to look."""

from collections import defaultdict
from pathlib import Path

import duckdb

from dagster_project.checks.results import CheckResult
from dagster_project.contracts import read_contracts
from dagster_project.load.drift import read_drift
from dagster_project.load.hash_key import key_warning
from dagster_project.load.manifest import QUARANTINED, read_manifest
from dagster_project.run.refresh import Refreshed
from dagster_project.settings import Settings

# How many of the checks that did not run are listed: one fault may stop all of them.
_CHECKS_NAMED = 5

_COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")


def _counts(settings: Settings) -> dict[tuple[str, str], tuple[int, ...]]:
    """Files and rows by dataset; empty where a blocked run could not publish them."""
    sums = ", ".join(f"cast(sum({count}) as bigint)" for count in _COUNTS)
    path = settings.published / "aftersales.duckdb"
    if not path.exists():
        return {}
    with duckdb.connect(str(path), read_only=True) as connection:
        if not connection.execute("from duckdb_tables() where table_name = 'quality_load'").fetchall():
            return {}
        rows = connection.execute(
            f"select system, dataset, count(*), {sums} from marts.quality_load group by system, dataset"
        ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def _drift(settings: Settings) -> list[str]:
    seen: dict[str, dict[str, set[str]]] = {}
    for drift in read_drift(settings.lake):
        of_dataset = seen.setdefault(drift.contract.name, defaultdict(set))
        for name in drift.unknown:
            of_dataset[f"unknown column {name!r}"].add(drift.file)
        for name in drift.missing:
            of_dataset[f"no column {name!r}"].add(drift.file)
        if drift.short_rows:
            of_dataset[f"{drift.short_rows} rows shorter than the header"].add(drift.file)
    return [
        f"  {dataset}: {what} in {len(files)} file(s), e.g. {min(files)}"
        for dataset, of_dataset in seen.items()
        for what, files in sorted(of_dataset.items())
    ]


def _checks(results: list[CheckResult], report: Path) -> list[str]:
    failed = sum(result.passed is False for result in results)
    not_run = [result for result in results if result.passed is None]
    lines = [f"{len(results)} checks, {failed} with findings, {len(not_run)} did not run; quality report: {report}"]
    lines += [
        f"  {result.system}/{result.dataset} {result.check_name} did not run: {result.error}"
        for result in not_run[:_CHECKS_NAMED]
    ]
    if len(not_run) > _CHECKS_NAMED:
        lines.append(f"  and {len(not_run) - _CHECKS_NAMED} more: the quality report names them")
    return lines


def _row_counts(settings: Settings) -> list[str]:
    counts = _counts(settings)
    if not counts:
        return []
    lines = [f"{'dataset':<30}{'files':>7}{'read':>11}{'accepted':>11}{'rejected':>10}{'superseded':>12}"]
    for contract in read_contracts().values():
        files, *rows = counts.get((contract.system, contract.dataset), (0, 0, 0, 0, 0))
        read, accepted, rejected, superseded = rows
        lines.append(f"{contract.name:<30}{files:>7}{read:>11,}{accepted:>11,}{rejected:>10,}{superseded:>12,}")
    return lines


def summarise_loads(settings: Settings) -> str:
    """What became of the rows, files and headers that a run read, published or blocked, as text for a terminal."""
    lines = _row_counts(settings)
    folders = [settings.lake / contract.system / contract.dataset for contract in read_contracts().values()]
    entries = [entry for folder in folders for entry in read_manifest(folder).values() if entry.status == QUARANTINED]
    quarantined = [*entries, *read_manifest(settings.lake / "landing" / "strays").values()]
    if quarantined:
        lines += ["", f"{QUARANTINED}: {len(quarantined)} file(s)"]
        lines += [f"  {entry.source_path}: {entry.error}" for entry in quarantined]
    if drift := _drift(settings):
        lines += ["", "headers that differ from the contract:", *drift]
    return "\n".join(lines)


def summarise(settings: Settings, refreshed: Refreshed, seconds: float) -> str:
    """The summary of a refresh, as text for a terminal."""
    lines = [summarise_loads(settings)]
    rows_published = sum(refreshed.state.rows.values())
    if refreshed.nothing_new:
        run = refreshed.results[0]
        lines += ["", f"nothing new since the run of {run.run_at:%Y-%m-%d %H:%M}: its figures and checks remain valid"]
        lines += ["  (--anew computes them again)"]
    published = "published, unchanged:" if refreshed.nothing_new else "published"
    lines += [
        "",
        f"{published} {len(refreshed.state.rows)} tables, {rows_published:,} rows, as of {settings.as_of} "
        f"in {seconds:.0f} s",
        f"  {settings.published / 'aftersales.duckdb'}  (schema marts)",
        f"  {settings.published / 'parquet'}",
        f"run {refreshed.run_id}, logged in {settings.logs}",
        *_checks(refreshed.results, settings.data / "reports" / "quality" / "latest" / "index.html"),
    ]
    if warning := key_warning(settings.data):
        lines += ["", warning]
    return "\n".join(lines)
