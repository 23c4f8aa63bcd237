"""A small extract of customers, and its rows in the lake."""

HEADER = ["门店代码", "客户编号", "客户姓名", "客户类型", "建档日期", "职业"]
ROWS = [
    ["001", "C1", "测试甲", "私车", "2026-04-03", "教师"],
    ["001", "C2", "测试乙", "公车", "2026/4/3", "司机"],
]
EXPECTED = [("001", "C1", "private", "教师", 2), ("001", "C2", "corporate", "司机", 3)]
READ = "select store_code, customer_no, customer_type, occupation, source_line from lake.dms__customers order by 2, 5"


def csv_text(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in rows) + end
