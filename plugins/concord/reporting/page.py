"""Renders the report as one HTML page without scripts and without files of its own, which can be mailed."""

from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from concord.installed import COMMAND
from concord.reporting import words
from concord.reporting.model import AgreementLine, Report, Share
from concord.reporting.needs import list_needs
from concord.visible_text import show_controls
from concord.wording import say_count, say_things

TEMPLATE = "report.html.j2"
STYLE = "report.css"


def render_html(report: Report) -> str:
    """One self-contained page; every value is escaped."""
    folder = resources.files("concord.reporting") / "templates"
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_show
    )
    environment.filters.update(
        share=words.say_share,
        count=say_count,
        words=words.say_name,
        time=words.say_time,
        size=words.say_bytes,
        span=words.say_seconds,
        things=say_things,
        width=percent_of,
        age=lambda moment: words.say_age(moment, report.made_at),
    )
    template = environment.from_string((folder / TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        report=report,
        command=COMMAND,
        needs=list_needs(report),
        entities=group_by_entity(report),
        style=(folder / STYLE).read_text(encoding="utf-8"),
    )


def _show(value: object) -> object:
    """What an expression of the page shows: no text has a character that acts and is not seen."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return show_controls(value)
    return value


def group_by_entity(report: Report) -> dict[str, list[AgreementLine]]:
    """The lines of each entity, the least agreement first."""
    groups: dict[str, list[AgreementLine]] = {}
    for line in sorted(report.agreement, key=lambda line: (percent_of(line.latest), line.field)):
        groups.setdefault(line.entity, []).append(line)
    return dict(sorted(groups.items()))


def percent_of(share: Share | None) -> float:
    """A share as a number from 0 to 100, for the width of a bar."""
    if share is None or share.compared == 0:
        return 100.0 if share is not None else 0.0
    return round(100 * share.agreed / share.compared, 2)
