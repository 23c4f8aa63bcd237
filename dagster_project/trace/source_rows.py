"""List the rows of a measure: file, line, and the part that each plays."""

from dataclasses import dataclass

import duckdb

from dagster_project.trace.declarations import RowMeasure, RowSet, row_sets


@dataclass(frozen=True)
class SourceRow:
    """One row of a landed file; `is_counted` is false for rows that counted ones depend on."""

    unit: str
    is_counted: bool
    part: str
    dataset: str
    file: str
    line: int
    key: str
    detail: str


def source_rows(connection: duckdb.DuckDBPyConnection, measure: RowMeasure) -> list[SourceRow]:
    """The rows in `traced` that a measure was recomputed from, each followed by those it depends on."""
    counted = row_sets()[measure.rows]
    unit = _text((measure.counted,) if measure.counted else counted.key, "rows")
    parts = [_part(unit, counted, "rows", part=counted.label, source="traced as rows", expression=measure.expression)]
    for name in measure.links:
        link = counted.links[name]
        source = f"traced as rows inner join trace_{link.rows} as other on {link.where}"
        parts.append(_part(unit, row_sets()[link.rows], "other", part=link.part, source=source))
    rows = connection.execute(f"{' union '.join(parts)} order by unit, is_counted desc, part, file, line").fetchall()
    return [SourceRow(*row) for row in rows]


def _part(unit: str, rows: RowSet, alias: str, *, part: str, source: str, expression: str = "") -> str:
    value = [f"'{expression}=' || ({expression})"] if expression and expression not in rows.show else []
    shown = value + [f"'{column}=' || {alias}.{column}" for column in rows.show]
    return (
        f"select {unit} as unit, {str(alias == 'rows').lower()} as is_counted, '{part}' as part, "
        f"'{rows.dataset}' as dataset, {alias}.source_file as file, {alias}.source_line as line, "
        f"{_text(rows.key, alias)} as key, concat_ws(', ', {', '.join(shown) or 'null'}) as detail from {source}"
    )


def _text(columns: tuple[str, ...], alias: str) -> str:
    return f"concat_ws(' / ', {', '.join(f'{alias}.{column}' for column in columns)})"
