"""The verbs for those who change Concord: check, test, lock."""

import sys

import typer

PANEL = "For those who change Concord"
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs; what stands behind check and test is passed on."""
    app.command(rich_help_panel=PANEL, context_settings=PASS_ON)(check)
    app.command(rich_help_panel=PANEL, context_settings=PASS_ON)(test)
    app.command(rich_help_panel=PANEL, context_settings=PASS_ON)(lock)


def check(context: typer.Context) -> None:
    """Run the static checks."""
    from concord.quality import run_checks

    sys.exit(run_checks(context.args))


def test(context: typer.Context) -> None:
    """Run the tests; what follows is for pytest, such as -k."""
    from concord.quality import run_tests

    sys.exit(run_tests(context.args))


def lock() -> None:
    """Pin the requirements anew; --upgrade for newer versions."""
    # The launcher does this itself, because it must work where nothing is installed yet.
    sys.exit("concord: run ./concord lock; the launcher does this before Python starts.")
