"""Compare published states row for row."""

from pathlib import Path

import duckdb

# Run histories: they differ between two runs on the same data.
HISTORIES = {"quality_check_result", "quality_scorecard"}
# The time of publishing is not part of a restatement's content.
TIMES = {"restatement": "published_at"}


def tables(database: Path) -> dict[str, int]:
    """Number of rows of each published table; raises if the file is damaged."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        return {
            name: connection.execute(f"select count(*) from marts.{name}").fetchone()[0] for (name,) in sorted(names)
        }


def differences(one: Path, other: Path) -> list[str]:
    """Tables of two published files that are not equal row for row."""
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        for name in sorted((tables(one).keys() | tables(other).keys()) - HISTORIES):
            columns = f"* exclude ({TIMES[name]})" if name in TIMES else "*"
            mine, theirs = (f"select {columns} from {of}.marts.{name}" for of in ("one", "other"))
            query = f"select count(*) from (({mine} except all {theirs}) union all ({theirs} except all {mine}))"
            rows = connection.execute(query).fetchone()[0]
            if rows:
                found.append(f"{name}: {rows} rows")
    return found
