"""Data on a terminal or a page is shown as text and is never interpreted."""

import ast
import io
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from concord import cli
from concord.cli.console import DataConsole, print_error
from concord.visible_text import on_one_line, show_controls

ACTING = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\r",
    "\x08",
    "\x7f",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\udcff",
    "\u2028",
]
MARKUP = ["[/Name]", "[bold]x[/bold]", "[link=file:///etc/passwd]x[/link]", ":smile:", "\\[x]", "[", "{x}%s"]


@pytest.mark.parametrize("text", ACTING, ids=ascii)
def test_a_character_that_acts_is_shown_by_one_that_does_not(text: str) -> None:
    shown = show_controls(f"a{text}b")
    assert len(shown) == len(text) + 2
    assert shown.isprintable()
    shown.encode()


def test_line_ends_tabs_and_letters_of_all_scripts_stay() -> None:
    text = "Łódź\tنام\u200cها\n👩\u200d👧"
    assert show_controls(text) == text
    assert on_one_line("a\n \tb\rc") == "a b␍c"


def printed(data: str) -> str:
    """What the console writes to a terminal for each way in which a view prints."""
    output = io.StringIO()
    console = DataConsole(file=output, width=200, force_terminal=True, color_system=None)
    table = Table(data, title=data, caption=data)
    table.add_row(data)
    table.add_row(Text(data))
    for way in (data, Text(data), Text.assemble(data, (data, "bold")), table):
        console.print(way)
        console.print(way, markup=True, emoji=True, highlight=True)
    return output.getvalue()


@pytest.mark.parametrize("data", ACTING, ids=ascii)
def test_no_way_of_printing_lets_data_act(data: str) -> None:
    assert all(letter == "\n" or letter.isprintable() for letter in printed(f"a{data}b"))


@pytest.mark.parametrize("data", MARKUP)
def test_no_way_of_printing_reads_markup_out_of_data(data: str) -> None:
    assert printed(data).count(data) == 2 * (1 + 1 + 2 + 5)


def test_an_error_is_shown_on_standard_error_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("refused: [/Name] \x1b[2J")
    assert capsys.readouterr().err == "concord: refused: [/Name] ␛[2J\n"


def test_every_verb_prints_by_the_one_console() -> None:
    own = Path(cli.__file__).parent
    files = [path for path in own.rglob("*.py") if path != own / "console.py"]
    assert len(files) > 15
    for path in files:
        called = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        }
        assert not called & {"print", "Console", "typer.echo", "sys.stdout.write", "sys.stderr.write"}, path
