"""SQL of the three views of a dataset that checks read; `ROWS` describes what each holds."""

from collections.abc import Iterable

from dagster_project.contracts import Contract
from dagster_project.contracts.lineage import LINEAGE_NAMES
from dagster_project.contracts.staging import plausible_sql
from dagster_project.sql_text import sql_text

# The lineage columns that identify a failing row.
WHERE_FROM = ("source_file", "source_line")


def dataset_relation(contract: Contract) -> str:
    """`<system>__<dataset>`."""
    return f"{contract.system}__{contract.dataset}"


def relation_of(rows: str, contract: Contract) -> str:
    """The name of the view of a dataset's rows, which are one of `ROWS`."""
    return f"{rows}__{dataset_relation(contract)}"


def views(contract: Contract) -> dict[str, str]:
    """SQL of the three views of a dataset, by the rows that they hold."""
    staged = f"staging.stg_{dataset_relation(contract)}"
    return {
        "accepted": f"select * from {staged}",
        "original": original_sql(contract, staged),
        "parsed": f"select * from lake.{dataset_relation(contract)}",
    }


def scaled_columns(contract: Contract) -> dict[str, str]:
    """The columns whose implausible values become null in staging, with the condition for plausible ones."""
    return {column.name: condition for column in contract.columns if (condition := plausible_sql(column))}


def original_sql(contract: Contract, accepted: str, files: Iterable[str] | None = None) -> str:
    """SQL of the relation `accepted`, with the implausible values that staging replaces by null.

    These few values are looked up in the lake, or only in `files`: looking up every accepted row there would cost more
    than everything else.
    """
    scaled = scaled_columns(contract)
    if not scaled:
        return f"select * from {accepted}"
    # File names are unique in a dataset's folder, so file and line identify a row.
    same_row = ", ".join(WHERE_FROM)
    columns = [*(column.name for column in contract.columns), *LINEAGE_NAMES]
    values = ", ".join(
        f"if(implausible.source_line is null, accepted.{c}, implausible.{c}) as {c}" if c in scaled else f"accepted.{c}"
        for c in columns
    )
    is_implausible = " or ".join(f"({c} is not null and ({condition}) is not true)" for c, condition in scaled.items())
    if files is not None:
        names = ", ".join(map(sql_text, files))
        is_implausible = f"source_file in ({names or 'null'}) and ({is_implausible})"
    return (
        f"select {values} from {accepted} as accepted "
        f"left join (select {same_row}, {', '.join(scaled)} from lake.{dataset_relation(contract)} "
        f"where {is_implausible}) as implausible using ({same_row})"
    )
