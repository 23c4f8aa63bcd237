"""The environment that all HTML pages share: common templates and style, and text that is valid in HTML."""

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
    """A folder's templates on top of the shared ones; `style` is the shared style with the folder's `style.css`.

    Templates can call the functions by name.
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
