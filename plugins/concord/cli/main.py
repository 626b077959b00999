"""Puts the verbs together, and prints an error of Concord as one sentence."""

import sys
from inspect import getdoc
from pathlib import Path
from typing import Annotated

import typer

from concord.cli.console import print_error
from concord.cli.verbs import backfills, installation, nights, plans, projects, records
from concord.errors import ConcordError, ConfigurationError
from concord.installed import COMMAND, IS_INSTALLED, as_called
from concord.project import choose_profile, choose_project, find_folder, read_project

HELP = """Concord makes the systems of a business agree.

Every night it reads the shop, the CRM and the ERP, works out what each should say, shows what it would
change, writes the differences back, and can undo what it wrote.
"""
FIRST_STEPS = f"""Start with **{COMMAND} demo**: a whole night on this machine, with systems in miniature.
For your own systems: **{COMMAND} up**, then **{COMMAND} status**. Each verb has its own --help."""
FOR_DEVELOPERS = """

For those who change Concord, the launcher has **./concord check**, **./concord test** and **./concord lock**."""
INTERRUPTED = 130

app = typer.Typer(
    name=COMMAND,
    help=HELP,
    epilog=FIRST_STEPS if IS_INSTALLED else FIRST_STEPS + FOR_DEVELOPERS,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def read_options(
    context: typer.Context,
    *,
    debug: Annotated[  # noqa: ARG001  # `main` looks for it itself
        bool, typer.Option("--debug", help="Show where in the code an error arose.")
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The project of the business.",
            show_default="CONCORD_PROJECT, or this folder if it has a concord.toml",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One of its profiles: other accounts, other approvals.",
            show_default="CONCORD_PROFILE, or none",
        ),
    ] = None,
) -> None:
    """Options that stand before the verb; `main` looks for --debug itself, because errors end there."""
    if context.invoked_subcommand == "init":  # which makes the project that is not there yet
        return
    folder = project or find_folder()
    if profile is not None:
        choose_profile(profile)
    if folder is not None:
        choose_project(folder)
        read_project()
    elif profile:
        raise ConfigurationError("A profile is one of a project; name its folder with --project DIR.")


nights.add_demo(app)
installation.add_verbs(app)
nights.add_verbs(app)
backfills.add_verbs(app)
plans.add_verbs(app)
records.add_verbs(app)
projects.add_verbs(app)


def name_command(verbs: typer.Typer) -> None:
    """Let the help of each verb name the command as it is called here; its examples say `./concord`."""
    for verb in verbs.registered_commands:
        verb.help = as_called(getdoc(verb.callback))
    for group in verbs.registered_groups:
        if group.typer_instance is not None:
            name_command(group.typer_instance)


name_command(app)


def main() -> None:
    """Run one verb; an error of Concord is printed as one sentence, with exit status 1."""
    try:
        app(prog_name=COMMAND)
    except ConcordError as error:
        if "--debug" in sys.argv[1:2]:
            raise
        print_error(error.message)
        sys.exit(1)
    except BrokenPipeError:
        # The program that read our output has ended, as `head` does.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
