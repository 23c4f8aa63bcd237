"""The summary that a run prints at its end: datasets, rows, refused files, marts, where to look."""

from collections import defaultdict
from pathlib import Path

import duckdb

from dagster_project.checks.results import CheckResult
from dagster_project.contracts import read_contracts
from dagster_project.load.hash_key import key_warning
from dagster_project.load.manifest import QUARANTINED, read_manifest
from dagster_project.refresh import Refreshed
from dagster_project.settings import Settings

# How many of the checks that did not run are listed: one fault may stop all of them.
_CHECKS_NAMED = 5

_COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")


def _counts(settings: Settings) -> dict[tuple[str, str], tuple[int, ...]]:
    sums = ", ".join(f"cast(sum({count}) as bigint)" for count in _COUNTS)
    with duckdb.connect(str(settings.published / "aftersales.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            f"select system, dataset, count(*), {sums} from marts.quality_load group by system, dataset"
        ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def _drift(settings: Settings) -> list[str]:
    lines = []
    for contract in read_contracts().values():
        seen: dict[str, set[str]] = defaultdict(set)
        for entry in read_manifest(settings.lake / contract.system / contract.dataset).values():
            for name in filter(None, entry.unknown_columns.split(", ")):
                seen[f"unknown column {name!r}"].add(entry.source_file)
            for name in filter(None, entry.missing_columns.split(", ")):
                seen[f"no column {name!r}"].add(entry.source_file)
            if entry.short_rows:
                seen[f"{entry.short_rows} rows shorter than the header"].add(entry.source_file)
        lines += [
            f"  {contract.name}: {what} in {len(files)} file(s), e.g. {min(files)}"
            for what, files in sorted(seen.items())
        ]
    return lines


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


def summarise(settings: Settings, refreshed: Refreshed, seconds: float) -> str:
    """The summary of a refresh, as text for a terminal."""
    counts = _counts(settings)
    lines = [f"{'dataset':<30}{'files':>7}{'read':>11}{'accepted':>11}{'rejected':>10}{'superseded':>12}"]
    for contract in read_contracts().values():
        files, *rows = counts.get((contract.system, contract.dataset), (0, 0, 0, 0, 0))
        read, accepted, rejected, superseded = rows
        lines.append(f"{contract.name:<30}{files:>7}{read:>11,}{accepted:>11,}{rejected:>10,}{superseded:>12,}")
    strays = read_manifest(settings.lake / "landing" / "strays").values()
    quarantined = [entry for load in refreshed.loads for entry in load.quarantined] + list(strays)
    if quarantined:
        lines += ["", f"{QUARANTINED}: {len(quarantined)} file(s)"]
        lines += [f"  {entry.source_path}: {entry.error}" for entry in quarantined]
    if drift := _drift(settings):
        lines += ["", "headers that differ from the contract:", *drift]
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
