"""Templates to pages. Every value is escaped; a name that a template misses is an error, not an empty place."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse

from leaselab.appliance.instants import NEVER, Instant, as_datetime, format_duration

FOLDER: Final = Path(__file__).parent


def page(template: str, context: dict[str, Any], status: int = 200) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(_environment().get_template(template).render(context), status_code=status)


@cache
def _environment() -> jinja2.Environment:
    return environment(FOLDER / "templates", moment=_moment, day=_day, clock=_clock, duration=format_duration)


def environment(folder: Path, **filters: Callable[..., str]) -> jinja2.Environment:
    """Return the environment of a folder of templates, with filters of its own."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters)
    return made


def _day(instant: Instant) -> str:
    """Print the day of an instant."""
    return "never" if instant >= NEVER else f"{as_datetime(instant):%Y-%m-%d}"


def _clock(instant: Instant) -> str:
    """Print the time of day of an instant."""
    return f"{as_datetime(instant):%H:%M}"


def _moment(instant: Instant | None) -> str:
    """Print an instant for people."""
    if instant is None or instant >= NEVER:
        return "never"
    return f"{as_datetime(instant):%Y-%m-%d %H:%M}"
