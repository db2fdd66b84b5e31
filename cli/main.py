"""The `distillery` command: the stack on one machine, its parts, local training, and the REST client."""

from collections.abc import Callable

import typer

from cli import files, jobs, keys, parts
from cli.output import Commands
from cli.students import students
from cli.train import train
from cli.up import up
from core import VERSION

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold keys
    help="Distillation as a service: a strong image classifier goes in, a small one that keeps its skill comes out.",
)

MACHINE, CLIENT = "On this machine", "Through the service"


def _add(panel: str, *functions: Callable[..., None]) -> None:
    for function in functions:
        app.command(rich_help_panel=panel)(function)


_add(MACHINE, up, parts.api, parts.worker, parts.migrate, train)
_add(CLIENT, jobs.submit, jobs.jobs, jobs.watch, jobs.cancel, jobs.pause, jobs.resume, jobs.retry)
_add(CLIENT, students, files.upload, files.download)
app.add_typer(keys.app, name="keys", rich_help_panel=CLIENT)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"distillery {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    _: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    pass


if __name__ == "__main__":
    app()
