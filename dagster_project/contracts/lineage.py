"""Columns that the loader adds to every row of the lake: name, type, description."""

LINEAGE = (
    ("source_file", "varchar", "File the row was read from / 来源文件"),
    ("source_line", "bigint", "Line of the row in its file / 来源行号"),
    ("extract_at", "timestamp", "Time of the extract / 数据提取时间"),
)
LINEAGE_NAMES = tuple(name for name, _, _ in LINEAGE)
ROW_MASKED = "The row as it came, names, phones and plates masked / 脱敏后的原始行"
LAKE_ONLY = (
    ("source_path", "varchar", "Path of the file in the landing folder / 来源文件路径"),
    ("row_masked", "varchar", f"{ROW_MASKED}; filled where the store was unknown / 仅门店未知时有值"),
)

# Names that no column of a contract may have: columns of the lake, some of them private, and the flag by which
# incremental builds mark new rows among those that differ.
TAKEN_NAMES = (*LINEAGE_NAMES, *(name for name, _, _ in LAKE_ONLY), "unknown_columns", "is_new")
