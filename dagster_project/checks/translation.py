"""Translate SQL of the checks, which is written for DuckDB, to Spark SQL with the same results.

sqlglot translates. Expressions that it would translate to something with other results, or unknown to Spark, are
rewritten before; what sqlglot declares untranslatable raises an error.
"""

from collections.abc import Mapping
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dagster_project.checks.dialect import Untranslatable

_DUCKDB, _SPARK = "duckdb", "spark"

# End of the text: in Java, `$` also matches before a final line break.
_END = "(?!(?s:.))"


def to_spark(sql: str, macros: str) -> str:
    """Translate one statement of DuckDB's SQL to Spark's, with the macros that it uses expanded.

    Raises Untranslatable, with the reason.
    """
    try:
        statement = _with_macros(sqlglot.parse_one(sql, read=_DUCKDB), _macros(macros))
        return statement.transform(_faithful).sql(_SPARK, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise Untranslatable(f"DuckDB's SQL can't be translated: {error}") from error


def in_order(query: str) -> str:
    """Spark SQL that orders a query by all of its columns, nulls last."""
    columns = len(sqlglot.parse_one(query, read=_SPARK).selects)
    order = ", ".join(f"{place} nulls last" for place in range(1, columns + 1))
    return f"select * from ({query}) order by {order}"


def java_regex(pattern: str) -> str:
    """A regular expression of Java that is equivalent to one of DuckDB."""
    return pattern.removesuffix("$") + _END if pattern.endswith("$") and not pattern.endswith("\\$") else pattern


# ---------- macros


@cache
def _macros(text: str) -> Mapping[str, tuple[list[str], exp.Expression]]:
    """Parameters and body of each macro; of two with the same name, the last one applies."""
    macros = {}
    for statement in filter(None, sqlglot.parse(text, read=_DUCKDB)):
        if not isinstance(statement, exp.Create) or statement.kind != "MACRO":
            raise Untranslatable(f"this macro can't be read: {statement.sql(_DUCKDB)}")
        parameters = [parameter.name for parameter in statement.this.expressions]
        macros[statement.this.this.name] = (parameters, statement.expression)
    return macros


def _with_macros(expression: exp.Expression, macros: Mapping[str, tuple[list[str], exp.Expression]]) -> exp.Expression:
    def put(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Anonymous) or node.name.lower() not in macros:
            return node
        parameters, body = macros[node.name.lower()]
        arguments = dict(zip(parameters, node.expressions, strict=True))
        filled = body.copy().transform(
            lambda part: (
                arguments[part.name].copy() if isinstance(part, exp.Column) and part.name in arguments else part
            )
        )
        return _with_macros(exp.paren(filled) if not isinstance(filled, exp.Tuple) else filled, macros)

    return expression.transform(put)


# ---------- what sqlglot would not translate faithfully


def _faithful(node: exp.Expression) -> exp.Expression:  # noqa: PLR0911 (a table of rules)
    match node:
        case exp.ArgMax() | exp.ArgMin() if not isinstance(node.parent, exp.Filter):
            # DuckDB ignores rows in which the returned value is null.
            known = exp.Where(this=node.this.copy().is_(exp.null()).not_())
            return exp.Filter(this=node.copy(), expression=known)
        case exp.DateDiff() if node.unit and node.unit.name.upper() == "MONTH":
            # DuckDB counts the beginnings of months in between, Spark complete months.
            return exp.DateDiff(this=_month(node.this), expression=_month(node.expression), unit=node.args["unit"])
        case exp.Div():
            # DuckDB divides decimals as doubles, and division by 0 gives null.
            divisor = exp.Nullif(this=node.expression.copy(), expression=exp.Literal.number(0))
            return exp.Div(this=exp.cast(node.this.copy(), "double"), expression=exp.cast(divisor, "double"))
        case exp.Avg():
            return exp.Avg(this=exp.cast(node.this.copy(), "double"))
        case exp.RegexpFullMatch():
            pattern = exp.Literal.string(f"^(?:{node.expression.name}){_END}")
            return exp.RegexpLike(this=node.this.copy(), expression=pattern)
        case exp.Anonymous() if node.name.lower() == "epoch_us":
            return exp.UnixMicros(this=exp.cast(node.expressions[0].copy(), exp.DType.TIMESTAMPLTZ))
        case exp.Join() if node.method == "ASOF":
            return _nearest(node)
        case exp.WindowSpec() if node.args.get("exclude"):
            raise Untranslatable("Spark's windows have no EXCLUDE")
        case exp.Star() if node.args.get("replace") or node.args.get("except_"):
            raise Untranslatable("Spark's * has no REPLACE and no EXCLUDE")
    return node


def _month(moment: exp.Expression) -> exp.Expression:
    return exp.cast(exp.TimestampTrunc(this=moment.copy(), unit=exp.var("MONTH")), "date")


def _nearest(join: exp.Join) -> exp.Join:
    """`asof join other on ours <= other.theirs`, as an inner join with the first of theirs that is not before ours."""
    condition, other = join.args["on"], join.this
    if join.side or not isinstance(condition, exp.LTE) or condition.expression.table != other.alias:
        raise Untranslatable("asof joins are supported on `ours <= other.theirs` only")
    ours, theirs = condition.this, condition.expression
    earlier = exp.Window(this=exp.Lag(this=theirs.copy()), order=exp.Order(expressions=[theirs.copy()]))
    others = exp.select("*", exp.alias_(earlier, "earlier")).from_(other.copy()).subquery(other.alias)
    earlier_theirs = exp.column("earlier", other.alias)
    is_first = exp.or_(earlier_theirs.is_(exp.null()), exp.GT(this=ours.copy(), expression=earlier_theirs.copy()))
    return exp.Join(this=others, kind="INNER", on=exp.and_(condition.copy(), is_first))
