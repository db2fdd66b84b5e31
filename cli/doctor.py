"""`distillery doctor`: looks at a deployment and says what to fix."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli import checks, service_checks
from cli.checks import Asked, Finding, Findings
from cli.output import counted, load_settings, out, print_json
from core.errors import Invalid, Problem

CHECKS: dict[str, dict[str, Callable[[Asked], Findings]]] = {
    "This machine": {
        "python": checks.python,
        "packages": checks.packages,
        "processor": checks.processor,
        "gpus": checks.gpus,
        "memory": checks.shared_memory,
        "sandbox": checks.sandbox,
    },
    "What it keeps": {
        "data": checks.data_dir,
        "database": checks.database,
        "storage": checks.storage,
        "broker": checks.broker,
    },
    "What it is fed with": {
        "roots": service_checks.roots,
        "datasets": service_checks.known_sets,
        "weights": service_checks.weights,
    },
    "Whether it answers": {
        "dashboard": service_checks.dashboard,
        "service": service_checks.service,
        "workers": service_checks.workers,
        "worker": service_checks.worker,
    },
}
NAMES = [name for group in CHECKS.values() for name in group]
SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}


def _look(check: Callable[[Asked], Findings], asked: Asked) -> list[Finding]:
    """Its findings. A check that breaks is a finding too: whoever asks for help gets no traceback."""
    try:
        return list(check(asked))
    except Exception as error:
        return [checks.fail(f"this check broke: {type(error).__name__}: {error}", "Please report it.")]


def _show(name: str, found: list[Finding]) -> None:
    lines = Table.grid(padding=(0, 1), expand=False)
    lines.add_column(width=1)
    lines.add_column(width=max(map(len, NAMES)), style="bold", no_wrap=True)
    lines.add_column(overflow="fold")
    for number, one in enumerate(found):
        fix = f"\n[{'red' if one.state == 'fail' else 'yellow'}]→[/] {escape(one.fix)}" if one.fix else ""
        lines.add_row(SIGNS[one.state], "" if number else name, escape(one.detail) + fix)
    out.print(lines)


def doctor(
    only: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(NAMES)}.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Look at this deployment and say what to fix; exit code 1 if something fails."""
    for name in only or []:
        if name not in NAMES:
            raise Invalid([Problem("--only", "unknown_check", f"{name!r} is none of {', '.join(NAMES)}.")])
    asked = Asked(load_settings(), alone=bool(only))
    everything: dict[str, list[Finding]] = {}
    for group, members in CHECKS.items():
        wanted = {name: check for name, check in members.items() if name in (only or NAMES)}
        if only is None and "worker" in wanted:
            del wanted["worker"]  # `workers` tells the whole
        if wanted and not as_json:
            out.print(f"\n[dim]{group}[/]" if not only else "", end="\n" if not only else "")
        for name, check in wanted.items():
            everything[name] = _look(check, asked)
            if not as_json:
                _show(name, everything[name])
    states = Counter(one.state for found in everything.values() for one in found)
    if as_json:
        rows = [
            {"check": name, "state": one.state, "detail": one.detail, "fix": one.fix or None}
            for name, found in everything.items()
            for one in found
        ]
        print_json({"healthy": not states["fail"], "findings": rows})
    elif not only:
        said = [f"[red]{states['fail']} to fix[/]"] if states["fail"] else ["[green]Nothing is broken[/]"]
        said += [f"[yellow]{counted(states['warn'], 'warning')}[/]"] if states["warn"] else []
        out.print(f"\n{', '.join(said)}.")
    if states["fail"]:
        raise typer.Exit(1)
