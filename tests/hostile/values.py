"""Cells with hostile text: formulas, markup, SQL, numbers and dates out of range, invisible characters."""

FORMULAS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.invalid","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "'=1",
)
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><iframe src=javascript:alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "]]><!--",
    "&lt;b&gt;",
)
SQL = ("'; drop table marts.x; --", "x' or '1'='1", "$1 %s ? :name", "{{ ref('x') }}", '"; select 1')
NUMBERS = (
    *("1e308", "1e5", "-0", "NaN", "Infinity", "-inf", "9" * 40, "0." + "1" * 40, "1e-400", "1e999999999"),
    *("٣", "४२", "Ⅷ", "½", "①", "１２３", "0x10", "1_000", "1,2,3", "--1", "+-1", "¥¥1", "1¥"),
)
DATES = (
    *("0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2025-02-29", "2024-02-29", "2026-04-31", "-2026-04-01"),
    *("2026-04-03 24:00", "2026-04-03 23:59:60", "2026-04-03T09:00", "20260403", "2026年13月1日", "٢٠٢٦-٠٤-٠٣"),
)
UNSEEN = (
    *(
        "\ufeff001",
        "0\u200b01",
        "\u202e100",
        "001\u2060",
        "\u00a0001",
        "a\u0000b",
        "\u2028",
        "\x1f",
        "e\u0301",
        "\U000e0041",
    ),
    *("#N/A", "#REF!", "#DIV/0!", "\x7f", "\u3000", "ﬁ", "𠮷", "🚗" * 20),
)
VALUES = (*FORMULAS, *MARKUP, *SQL, *NUMBERS, *DATES, *UNSEEN, "", "x" * 40_000)
