"""The `distillery` command: the stack on one machine, its parts, local training, and the REST client.

A command's module is loaded when it is asked for: whoever only talks to a service needs none of a server's packages.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand

from cli.output import SERVER, Commands, needs_server
from core import VERSION

HERE = "On this machine"
# panel -> command -> where it is
PANELS = {
    HERE: {
        "up": "cli.up:up",
        "api": "cli.parts:api",
        "worker": "cli.parts:worker",
        "migrate": "cli.parts:migrate",
        "train": "cli.train:train",
        "reproduce": "cli.reproduce:reproduce",
        "doctor": "cli.doctor:doctor",
        "projects": "cli.projects:app",
    },
    "Through the service": {
        "submit": "cli.submit:submit",
        "clone": "cli.submit:clone",
        "jobs": "cli.job_list:jobs",
        "watch": "cli.jobs:watch",
        "logs": "cli.logs:logs",
        "cancel": "cli.jobs:cancel",
        "pause": "cli.jobs:pause",
        "resume": "cli.jobs:resume",
        "retry": "cli.jobs:retry",
        "change": "cli.jobs:change",
        "students": "cli.students:students",
        "download": "cli.files:download",
        "upload": "cli.files:upload",
        "datasets": "cli.lists:datasets",
        "teachers": "cli.lists:teachers",
        "show": "cli.objects:show",
        "delete": "cli.objects:delete",
        "storage": "cli.lists:storage",
        "workers": "cli.lists:workers",
        "keys": "cli.keys:app",
        "webhooks": "cli.webhooks:app",
    },
}


class LazyCommands(Commands):
    """The commands of `PANELS`, in that order."""

    _quick = False

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.commands = dict.fromkeys(self.list_commands(None), None)  # type: ignore[assignment]  # names, to suggest

    def list_commands(self, _: Any) -> list[str]:
        return [name for commands in PANELS.values() for name in commands]

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Whoever presses the tab key does not wait for a server's packages: its commands are offered by name alone."""
        self._quick = True
        return super().shell_complete(ctx, incomplete)

    def get_command(self, _: Any, name: str) -> Any:
        if self._quick and name in PANELS[HERE]:
            return TyperCommand(name)
        for panel, commands in PANELS.items():
            if name in commands:
                return _load(panel, name, *commands[name].split(":"))
        return None


def _load(panel: str, name: str, module: str, attribute: str) -> Any:
    """The command; where a package of the server is missing, one that says how to get it."""
    one = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    try:
        found = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = needs_server(error)

        def refuse(_: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
            raise missing

        with_anything: Any = {"context_settings": {"ignore_unknown_options": True}, "add_help_option": False}
        one.command(name, help=f"Needs {escape(SERVER)}", rich_help_panel=panel, **with_anything)(refuse)
        return typer.main.get_command(one)
    if isinstance(found, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.add_typer(found, name=name, rich_help_panel=panel)
        return typer.main.get_group(app).commands[name]
    one.command(name, rich_help_panel=panel)(found)
    return typer.main.get_command(one)


app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold keys
    help="Distillation as a service: a strong image classifier goes in, a small one that keeps its skill comes out.",
    epilog="The service is that of DISTILLERY_URL and DISTILLERY_API_KEY, else the one that `up` runs here. "
    "Exit codes: 0 done, 1 an error or a job that did not succeed, 2 a command line that cannot be, 130 interrupted.",
)


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
