"""Generate dbt's sources, staging models and row accounting from the contracts.

`python -m dagster_project.contracts.staging` writes them into `dbt/models/`; `staging_files` returns their texts, so
that a test can check that the written files are up to date.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from dagster_project.contracts.contract import Column, Contract, read_contracts
from dagster_project.contracts.lineage import LAKE_ONLY, LINEAGE, LINEAGE_NAMES, ROW_MASKED

COMMAND = "python -m dagster_project.contracts.staging"
PROJECT_DIR = Path(__file__).parents[2]
STAGING = "dbt/models/staging"
STORES = "stg_dms__stores"
QUALITY = "dbt/models/intermediate/quality"

SQL_TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "decimal(18, 8)",
    "date": "date",
    "month": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}

# Relations of the lake that no contract describes: name, description, columns.
LOADER_RELATIONS = (
    (
        "rejected_rows",
        "Rows rejected while loading, one row per rejected row / 加载时被拒绝的行",
        (
            ("system", "varchar", "System of the dataset / 来源系统"),
            ("dataset", "varchar", "Dataset / 数据集"),
            *LINEAGE,
            ("store_code", "varchar", "Store code of the row, where it could be read / 门店代码"),
            ("reasons", "varchar", "Why it was rejected, `code:column` joined by `; ` / 拒绝原因"),
            ("row_masked", "varchar", ROW_MASKED),
        ),
    ),
    (
        "loads",
        "Files loaded or quarantined, one row per file / 文件加载记录",
        (
            ("system", "varchar", "System of the dataset / 来源系统"),
            ("dataset", "varchar", "Dataset / 数据集"),
            ("source_file", "varchar", "File / 文件"),
            ("extract_at", "timestamp", "Time of the extract / 数据提取时间"),
            ("rows_read", "bigint", "Rows read from the file / 读取行数"),
            ("rows_parsed", "bigint", "Rows whose values could all be read / 解析成功行数"),
            ("rows_rejected", "bigint", "Rows rejected while loading / 加载时拒绝行数"),
            ("encoding", "varchar", "Encoding of the file / 文件编码"),
            ("status", "varchar", "loaded or quarantined / 状态（已加载或已隔离）"),
            ("error", "varchar", "Why the file was quarantined / 隔离原因"),
        ),
    ),
    (
        "check_results",
        "Results of each check in each run, one row per run and check / 每次运行的检查结果",
        (
            ("run_id", "varchar", "Run / 运行编号"),
            ("system", "varchar", "System of the dataset, or marts / 来源系统"),
            ("dataset", "varchar", "Dataset or mart / 数据集"),
            ("check_name", "varchar", "Check / 检查名称"),
            ("dimension", "varchar", "Dimension of quality / 质量维度"),
            ("severity", "varchar", "critical, warning or info / 严重程度"),
            ("column_name", "varchar", "Column that is checked / 列名"),
            ("evaluated", "bigint", "Rows the check applies to / 检查行数"),
            ("failed", "bigint", "Rows that fail / 未通过行数"),
            ("pass_rate", "double", "1 − failed ÷ evaluated / 通过率"),
            ("is_blocking", "boolean", "Whether failing blocks publishing / 是否阻断发布"),
            ("passed", "boolean", "Whether it passed; blank where it did not run / 是否通过"),
            ("run_at", "timestamp", "Time of the run / 运行时间"),
            ("owner", "varchar", "Owner of the data / 负责人"),
        ),
    ),
    (
        "restatement",
        "Changes in closed months, one row per publishing and changed value / 已关账月份的数据变更",
        (
            ("published_at", "timestamp", "Time of the publishing that changed it / 发布时间"),
            ("mart", "varchar", "Mart / 指标表"),
            ("store_code", "varchar", "Store / 门店代码"),
            ("month", "date", "Closed month / 月份"),
            ("column_name", "varchar", "Measure that changed / 指标列"),
            ("value_before", "double", "Value as published before / 变更前数值"),
            ("value_after", "double", "Value as published since / 变更后数值"),
        ),
    ),
    (
        "hash_key",
        "The secret of the keyed hashes, one row / 哈希密钥",
        (("hash_key", "varchar", "The secret / 密钥"),),
    ),
)


def staging_files(contracts: Iterable[Contract] | None = None) -> dict[str, str]:
    """The texts of all generated files, by path relative to the project's root."""
    contracts = list(read_contracts().values() if contracts is None else contracts)
    with_store = [contract for contract in contracts if contract.has_store]
    files = {
        f"{STAGING}/_sources.yml": _sources_yml(contracts),
        f"{QUALITY}/int_accepted_row.sql": _accepted_rows_sql(contracts),
        f"{QUALITY}/int_superseded_row.sql": _superseded_rows_sql(contracts),
        f"{QUALITY}/int_unknown_store_row.sql": _unknown_store_rows_sql(with_store),
    }
    for contract in contracts:
        files[f"{STAGING}/{_model(contract)}.sql"] = _model_sql(contract)
        files[f"{STAGING}/{_model(contract)}.yml"] = _model_yml(contract)
    return files


def write_staging(project_dir: Path = PROJECT_DIR) -> list[Path]:
    """Write the generated files that differ from the existing ones; returns their paths."""
    written = []
    for name, text in staging_files().items():
        path = project_dir / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _relation(contract: Contract) -> str:
    return f"{contract.system}__{contract.dataset}"


def _model(contract: Contract) -> str:
    return f"stg_{_relation(contract)}"


def _header(mark: str, contract: Contract | None = None) -> str:
    source = "the contracts in dagster_project/contracts"
    if contract is not None:
        source = f"dagster_project/contracts/{contract.name}.yml"
    return f"{mark} Generated by `{COMMAND}` from\n{mark} {source}; do not edit.\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# ---------- YAML


def _columns_yml(indent: int, columns: Iterable[tuple[str, str, str]]) -> str:
    pad = " " * indent
    return "".join(
        f"{pad}- name: {name}\n{pad}  data_type: {data_type}\n{pad}  description: {_quoted(description)}\n"
        for name, data_type, description in columns
    )


def _contract_columns(contract: Contract) -> list[tuple[str, str, str]]:
    return [(c.name, SQL_TYPES[c.type], f"{c.description} / {c.label}") for c in contract.columns]


def _sources_yml(contracts: list[Contract]) -> str:
    text = (
        _header("#")
        + "sources:\n"
        + "  - name: lake\n"
        + "    schema: lake\n"
        + "    description: The extracts as typed by the loader, all versions / 数据湖\n"
        + "    tables:\n"
    )
    for contract in contracts:
        description = f"{contract.description}: all versions of all rows / {contract.label}"
        text += (
            f"      - name: {_relation(contract)}\n"
            f"        description: {_quoted(description)}\n"
            f"        config:\n"
            f"          meta:\n"
            f"            owner: {contract.owner}\n"
            f"        columns:\n"
        )
        text += _columns_yml(10, [*_contract_columns(contract), *LINEAGE, *LAKE_ONLY])
    for name, description, columns in LOADER_RELATIONS:
        text += f"      - name: {name}\n        description: {_quoted(description)}\n        columns:\n"
        text += _columns_yml(10, columns)
    return text


def _model_yml(contract: Contract) -> str:
    description = f"{contract.description}: the latest accepted rows / {contract.label}"
    return (
        _header("#", contract)
        + "models:\n"
        + f"  - name: {_model(contract)}\n"
        + f"    description: {_quoted(description)}\n"
        + "    config:\n"
        + "      meta:\n"
        + f"        owner: {contract.owner}\n"
        + "    data_tests:\n"
        + "      - unique_combination:\n"
        + "          arguments:\n"
        + f"            columns: [{', '.join(contract.key)}]\n"
        + "    columns:\n"
        + _columns_yml(6, [*_contract_columns(contract), *LINEAGE])
    )


# ---------- SQL


def _lines(items: Iterable[str], indent: int) -> str:
    return (",\n" + " " * indent).join(items)


def plausible_sql(column: Column) -> str | None:
    """SQL condition that is true for plausible values; None if every value is plausible."""
    low, high = column.minimum, column.maximum
    if column.plausible is not None:
        return column.plausible
    if low is not None and high is not None:
        return f"{column.name} between {low:g} and {high:g}"
    if low is not None:
        return f"{column.name} >= {low:g}"
    return None if high is None else f"{column.name} <= {high:g}"


def _selected(column: Column) -> str:
    """SQL of the column in staging, where implausible values become null."""
    condition = plausible_sql(column)
    if condition is None:
        return column.name
    line = f"case when {condition} then {column.name} end as {column.name}"
    if len(line) <= 100:
        return line
    for word in ("when", "else", "end"):
        condition = condition.replace(f" {word} ", f"\n{' ' * 16}{word} ")
    condition = condition.removesuffix(" end") + f"\n{' ' * 12}end"
    lines = (
        "case",
        "    when",
        f"        {condition}",
        f"        then {column.name}",
        f"end as {column.name}",
    )
    return "\n    ".join(lines)


def _key(contract: Contract) -> str:
    return "[" + ", ".join(f"'{name}'" for name in contract.key) + "]"


def _known(contract: Contract) -> str:
    """The dbt expression for the condition that rows must meet to be accepted: a known store, or `none`."""
    return "known_store()" if contract.has_store else "none"


_END_OF_JSON = "'\"}'"
KNOWN_STORE = "store_code in (select stores.store_code from {{ ref('" + STORES + "') }} as stores)"


def _model_sql(contract: Contract) -> str:
    names = [*(column.name for column in contract.columns), *LINEAGE_NAMES]
    selected = [*(_selected(column) for column in contract.columns), *LINEAGE_NAMES]
    quoted = ",\n    ".join(f"'{name}'" for name in names)
    name, key = _relation(contract), _key(contract)
    return (
        f"-- Grain: one row per {', '.join(contract.key)} ({contract.grain}): the latest accepted row.\n"
        + _header("--", contract)
        + "{{ config(\n"
        + f"    unique_key={key},\n"
        + (f"    meta={{'affected_by': ['{STORES}']}},\n" if contract.has_store else "")
        + "    pre_hook=[\n"
        + f"        affected_keys('{name}', {str(contract.has_store).lower()}),\n"
        + f"        \"{{{{ keep_superseded('{name}', {_known(contract)}) }}}}\",\n"
        + "    ]\n"
        + ") }}\n"
        + f"{{% set columns = [\n    {quoted}\n] %}}\n"
        + "with latest_rows as (\n"
        + "    {{ latest_rows(\n"
        + f"        '{name}', {key}, {_known(contract)}, columns\n"
        + "    ) }}\n"
        + ")\n\n"
        + "select\n"
        + f"    {_lines(selected, 4)}\n"
        + "from latest_rows\n"
    )


def _counts_sql(contracts: list[Contract], of: str, count: str, arguments: Callable[[Contract], str]) -> str:
    """SQL of the union, over all datasets, of the counts per file that the macro `of` returns."""
    ctes = [f"{_relation(contract)} as (\n    {{{{ {of}({arguments(contract)}) }}}}\n)" for contract in contracts]
    unions = [
        "select\n"
        f"    '{contract.system}' as system,\n"
        f"    '{contract.dataset}' as dataset,\n"
        "    source_file,\n"
        f"    {count}\n"
        f"from {_relation(contract)}\n"
        for contract in contracts
    ]
    return _header("--") + "with " + ",\n\n".join(ctes) + "\n\n" + "\nunion all\n\n".join(unions)


def _accepted_rows_sql(contracts: list[Contract]) -> str:
    return "-- Grain: one row per system, dataset and file with accepted rows.\n" + _counts_sql(
        contracts, "accepted_rows", "rows_accepted", lambda contract: f"'{_relation(contract)}'"
    )


def _superseded_rows_sql(contracts: list[Contract]) -> str:
    return "-- Grain: one row per system, dataset and file with superseded rows.\n" + _counts_sql(
        contracts,
        "superseded_rows",
        "rows_superseded",
        lambda contract: f"'{_relation(contract)}', {_key(contract)}, {_known(contract)}",
    )


def _key_json(contract: Contract) -> str:
    """SQL of the key as JSON, for rows without a masked text: their store was known when they were loaded."""
    parts = [
        f"'{start}\"{name}\": \"', replace(coalesce(cast({name} as string), ''), '\"', ' ')"
        for start, name in zip(["{", *['", '] * len(contract.key)], contract.key, strict=False)
    ]
    return f"concat(\n            {_lines([*parts, _END_OF_JSON], 12)}\n        )"


def _unknown_store_rows_sql(contracts: list[Contract]) -> str:
    unions = [
        "select\n"
        f"    '{contract.system}' as system,\n"
        f"    '{contract.dataset}' as dataset,\n"
        "    source_file,\n"
        "    source_line,\n"
        "    coalesce(\n"
        "        row_masked,\n"
        f"        {_key_json(contract)}\n"
        "    ) as row_masked\n"
        f"from {{{{ rows_to_judge('{_relation(contract)}') }}}}\n"
        f"where store_code is null or {KNOWN_STORE.replace(' in ', ' not in ', 1)}\n"
        for contract in contracts
    ]
    return (
        "-- Grain: one row per system, dataset, file and line that parsed but names an unknown store.\n"
        + _header("--")
        + "{{ config(\n"
        + "    unique_key=['system', 'dataset', 'source_file'],\n"
        + f"    meta={{'affected_by': ['{STORES}']}},\n"
        + '    pre_hook=also_affected("select system, dataset, source_file from lake.changed_file")\n'
        + ") }}\n"
        + "\nunion all\n\n".join(unions)
    )


if __name__ == "__main__":
    for written_path in write_staging():
        print(written_path)
