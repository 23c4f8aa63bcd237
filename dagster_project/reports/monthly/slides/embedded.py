"""The workbook inside a native chart, which PowerPoint opens with "Edit data"."""

import io
from collections.abc import Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

SHEET = "Data"
_TEXT_STAYS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_EPOCH = datetime(2000, 1, 1)


class DataSheet:
    """Columns side by side under their headings: the categories first, then a column for each series."""

    def __init__(self, categories: Sequence[str]) -> None:
        self._rows = len(categories)
        self._columns: list[tuple[str, Sequence[str | float | None], str]] = [("", categories, "@")]

    def add(self, heading: str, values: Sequence[float | None], number_format: str) -> int:
        """Add a column of numbers; returns its index."""
        self._columns.append((heading, values, number_format))
        return len(self._columns) - 1

    def heading(self, column: int) -> str:
        """Reference to the heading of a column."""
        return f"{SHEET}!${xl_col_to_name(column)}$1"

    def range(self, column: int) -> str:
        """Reference to the cells of a column."""
        name = xl_col_to_name(column)
        return f"{SHEET}!${name}$2:${name}${self._rows + 1}"

    def workbook(self) -> bytes:
        """The XLSX; cells of unknown values are blank."""
        stream = io.BytesIO()
        with Workbook(stream, _TEXT_STAYS_TEXT) as book:
            book.set_properties({"created": _EPOCH})
            sheet = book.add_worksheet(SHEET)
            sheet.set_column(0, 0, 28)
            for column, (heading, values, number_format) in enumerate(self._columns):
                form = book.add_format({"num_format": number_format})
                sheet.write_string(0, column, heading)
                for row, value in enumerate(values, start=1):
                    if isinstance(value, str):
                        sheet.write_string(row, column, value, book.add_format({"quote_prefix": True}))
                    elif value is not None:
                        sheet.write_number(row, column, value, form)
        return stream.getvalue()
