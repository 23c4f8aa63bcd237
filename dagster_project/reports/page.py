"""What all HTML pages share: templates and style of the house, and text that HTML can hold."""

from collections.abc import Callable, Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dagster_project.reports.text import printable

SHARED_TEMPLATES = Path(__file__).parent / "templates"


def _printable(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def page_environment(templates: Path, functions: Iterable[Callable]) -> Environment:
    """Templates of a folder on top of the shared ones; `style` is the shared style with the folder's `style.css`.

    The functions are known to the templates by their names.
    """
    environment = Environment(
        loader=FileSystemLoader((templates, SHARED_TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {function.__name__: function for function in functions}
    environment.globals["style"] = Markup("").join(
        Markup(path.read_text(encoding="utf-8")) for path in (SHARED_TEMPLATES / "base.css", templates / "style.css")
    )
    return environment
