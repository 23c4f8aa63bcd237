"""A private warehouse whose lake changes at random, file by file, with the change tables of an incremental build."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb

from dagster_project.contracts import Contract, read_contracts
from dagster_project.contracts.lineage import LINEAGE_NAMES
from dagster_project.contracts.staging import plausible_sql

CONTRACTS = read_contracts()
LOADS = "select system, dataset, source_file as file, extract_at, status from lake.loads"
# Columns that link rows of the sample: a share of their values selects rows that belong together.
BINDING = ("vin", "repair_order_no", "case_no", "callback_no", "customer_no")


def _name(contract: Contract) -> str:
    return f"{contract.system}__{contract.dataset}"


def _staged(contract: Contract) -> str:
    """The latest row of each key, of known stores, without implausible values."""
    names = [column.name for column in contract.columns]
    known = "store_code in (select store_code from staging.stg_dms__stores)"
    plausible = [
        f"case when {condition} then {column.name} end as {column.name}" if condition else column.name
        for column in contract.columns
        for condition in [plausible_sql(column)]
    ]
    return (
        f"select {', '.join([*plausible, *LINEAGE_NAMES])} from lake.{_name(contract)}"
        f" where {known if 'store_code' in names and contract.name != 'dms/stores' else 'true'}"
        f" qualify row_number() over (partition by {', '.join(contract.key)}"
        " order by extract_at desc, source_file desc, source_path desc, source_line desc) = 1"
    )


class ChangingWarehouse:
    """Tables in place of the lake's views and of the staging models, and what changed in them at each build."""

    def __init__(self, path: Path, sample: Path, seed: int, rows: int = 500) -> None:
        self.path = path
        self.random = Random(seed)
        self.files = 0
        with self._connected():
            self._execute(f"attach '{sample}' as sample (read_only)")
            for schema in ("lake", "staging", "seeds", "changed", "before"):
                self._execute(f"create schema {schema}")
            self._execute("create table seeds.mot_items as from sample.seeds.mot_items")
            self._execute("create table lake.loads as from sample.lake.loads")
            for contract in CONTRACTS.values():
                binding = [name for name in BINDING if name in {column.name for column in contract.columns}]
                some = " or ".join(f"hash({name}) % 20 = {seed % 20}" for name in binding) or "true"
                self._execute(f"create table lake.{_name(contract)} as from sample.lake.{_name(contract)} where {some}")
            self._execute("detach sample")
            self._keep()
            for contract in CONTRACTS.values():
                self._bring(contract, self._later(), rows)
            self._build()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        with duckdb.connect(str(self.path)) as self.database:
            # The same order of rows on any machine.
            self.database.execute("set threads = 1")
            yield

    def _execute(self, sql: str) -> list[tuple]:
        return self.database.execute(sql).fetchall()

    def change(self) -> str:
        """Add, remove or replace files, then build incrementally; return a description of what was done."""
        done = []
        with self._connected():
            self._keep()
            for contract in self.random.sample([*CONTRACTS.values()], self.random.choice([1, 4, 17])):
                action = self.random.choices(["later", "earlier", "gone", "replaced"], [16, 2, 1, 1])[0]
                done.append(f"{contract.name} {action}")
                name = self._drop(contract) if action in ("gone", "replaced") else ""
                if action != "gone":
                    at = self._earlier(contract) if action == "earlier" else self._later()
                    self._bring(contract, at, self.random.choice([0, 1, 20, 80]), name)
            self._build()
        return ", ".join(done)

    # ---------- files

    def _later(self) -> str:
        self.files += 1
        return f"timestamp '{date(2025, 12, 1) + timedelta(days=self.files // 5)} 0{self.files % 9}:00:00'"

    def _earlier(self, contract: Contract) -> str:
        ((at,),) = self._execute(f"select max(extract_at) - interval 40 days from lake.{_name(contract)}")
        return f"timestamp '{at or date(2025, 1, 1)}'"

    def _drop(self, contract: Contract) -> str:
        dataset = f"system = '{contract.system}' and dataset = '{contract.dataset}'"
        files = self._execute(f"select source_file from lake.loads where {dataset} order by all")
        if not files:
            return ""
        (name,) = self.random.choice(files)
        self._execute(f"delete from lake.{_name(contract)} where source_file = '{name}'")
        self._execute(f"delete from lake.loads where {dataset} and source_file = '{name}'")
        self._execute(f"insert into lake.gone_file values ('{contract.system}', '{contract.dataset}', '{name}')")
        return name

    def _bring(self, contract: Contract, extract_at: str, rows: int, name: str = "") -> None:
        """Add a file of existing rows: some unchanged, others with values of other rows, blanks, or strange values."""
        relation = f"lake.{_name(contract)}"
        self.files += 1
        name = name or f"come_{self.files:04}.csv"
        order = f"hash(source_file, source_line, {self.random.randrange(10**6)})"
        self._execute(f"create or replace temp table come as from {relation} order by {order} limit {rows}")
        for column, type_ in self._execute("select column_name, column_type from (describe come)"):
            if column in {known.name for known in contract.columns}:
                for value in self._values(contract, column, type_):
                    share = self.random.choice([0, 1, 5, 25])
                    drawn = f"hash(source_file, source_line, {self.random.randrange(10**6)}) % 100 < {share}"
                    self._execute(f"update come set {column} = {value} where {drawn}")
        self._execute(
            f"insert into {relation} by name select * replace ('{name}' as source_file, '{contract.name}/{name}' as"
            f" source_path, row_number() over () + 1 as source_line, {extract_at} as extract_at) from come"
        )
        self._execute(
            "insert into lake.loads by name select"
            f" '{contract.system}' as system, '{contract.dataset}' as dataset, '{name}' as source_file,"
            f" {extract_at} as extract_at, 'loaded' as status"
        )

    def _values(self, contract: Contract, column: str, type_: str) -> list[str]:
        """SQL of the new values; with only three strange values, one occurs again in another dataset later."""
        other = f"(select {column} from lake.{_name(contract)} where {column} is not null offset {{}} limit 1)"
        other = f"coalesce({other.format(self.random.randrange(300))}, {column})"
        strange = {
            "VARCHAR": f"'?{self.random.randrange(3)}'",
            "BIGINT": self.random.choice(["-1", "99"]),
            "BOOLEAN": f"not {column}",
            "DATE": f"{column} + {self.random.choice([-40, 40])}",
            "TIMESTAMP": f"{column} + to_days({self.random.choice([-40, 40])})",
        }.get(type_, self.random.choice(["-5", "99.5"]))
        return [other, strange] if column in contract.key else [other, strange, "null"]

    # ---------- incremental build

    def _keep(self) -> None:
        """Keep the current tables, to find the changes of the next build."""
        self._execute(f"create or replace table before.loads as {LOADS}")
        self._execute("create or replace table lake.gone_file (system varchar, dataset varchar, source_file varchar)")
        staged = self._execute("select table_name from duckdb_tables() where schema_name = 'staging'")
        for (name,) in staged:
            self._execute(f"create or replace table before.{name} as from staging.{name}")

    def _build(self) -> None:
        """Stage the lake again and write what changed since it was kept."""
        for contract in CONTRACTS.values():
            name = f"stg_{_name(contract)}"
            self._execute(f"create or replace table staging.{name} as {_staged(contract)}")
            self._execute(f"create table if not exists before.{name} as from staging.{name} limit 0")
            self._write_changes(name, f"staging.{name}")
            dataset = f"system = '{contract.system}' and dataset = '{contract.dataset}'"
            gone = f"select source_file from lake.gone_file where {dataset}"
            files = f"select file from before.loads where {dataset} except {gone}"
            self._execute(
                f"create or replace table lake.new__{_name(contract)} as"
                f" from lake.{_name(contract)} where source_file not in ({files})"
            )
        self._execute(f"create or replace view lake.loaded as {LOADS}")
        self._execute("create or replace table before.quality_load as from before.loads")
        self._write_changes("quality_load", "lake.loaded")

    def _write_changes(self, name: str, now: str) -> None:
        self._execute(
            f"create or replace table changed.{name} as"
            f" select *, false as is_new from (from before.{name} except all from {now})"
            f" union all select *, true as is_new from (from {now} except all from before.{name})"
        )
