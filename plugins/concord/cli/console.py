"""The one way by which anything reaches the terminal: data is shown as it is, and never acts.

What vendors say may look like markup (`[/Name]`), like an emoji's name or like a command of the terminal. This
console reads none of it as such: styles are given by `style=` and `rich.text.Text`.
"""

import sys
from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, JustifyMethod, OverflowMethod, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from concord.visible_text import show_controls

PLAIN_WIDTH = 100


class DataConsole(Console):
    """A console on which text is never markup, and every control character of a text is shown."""

    def __init__(self, **settings: object) -> None:
        """Take the settings of `rich.console.Console`; markup, emoji names and highlighting are always off."""
        super().__init__(**{**settings, "markup": False, "emoji": False, "highlight": False})  # type: ignore[arg-type]  # settings of the class it extends

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        **_reading: object,
    ) -> Text:
        """The text as it is; what `rich` would read out of it is left off, whoever asks for it."""
        return Text(show_controls(text), style=style, justify=justify, overflow=overflow)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of something printable, in which nothing but our own styles and cursor moves acts."""
        if isinstance(renderable, Text):
            shown = show_controls(renderable.plain)
            if shown != renderable.plain:
                renderable = renderable.copy()
                renderable.plain = shown
        for piece in super().render(renderable, options):
            yield piece if piece.control else piece._replace(text=show_controls(piece.text))


def open_console() -> DataConsole:
    """Standard output; without a terminal, plain lines of a fixed width."""
    console = DataConsole(soft_wrap=False)
    if not console.is_terminal:
        return DataConsole(width=PLAIN_WIDTH, color_system=None)
    return console


def print_line(text: str) -> None:
    """One line on standard output, for other programs: neither folded nor styled."""
    typer.echo(show_controls(text))


def print_error(message: str) -> None:
    """One sentence on standard error."""
    sys.stderr.write(f"concord: {show_controls(message)}\n")
