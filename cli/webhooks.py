"""Webhooks: who is told what happens, and what became of each message."""

from typing import Annotated, Any

import typer
from rich.table import Column, Table

from cli.client import connect
from cli.ids import AsJson, completing
from cli.output import Commands, load_settings, out, print_json, say

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Webhooks: create, list, test, deliveries, resend, rotate, delete.",
)
Json = dict[str, Any]
Webhook = Annotated[str, typer.Argument(help="The webhook's id: whk_…", autocompletion=completing("webhooks"))]


def _show_secret(answer: Json, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    out.print(answer["secret"], soft_wrap=True)
    say(f"{answer['id']}: keep the secret now, it is not shown again. Messages are signed with it.")


@app.command()
def create(
    url: Annotated[str, typer.Argument(help="https://host/path, on the public internet.")],
    event: Annotated[list[str] | None, typer.Option(help="job.succeeded, …; may be repeated. Default: all.")] = None,
    name: Annotated[str, typer.Option(help="How you call it.")] = "webhook",
    as_json: AsJson = False,
) -> None:
    """Have an address told what happens in this project."""
    with connect(load_settings()) as client:
        answer = client.post("/v1/webhooks", {"url": url, "name": name} | ({"events": event} if event else {}))
    _show_secret(answer, as_json)


@app.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List the project's webhooks, newest first."""
    with connect(load_settings()) as client:
        answer = list(client.each("/v1/webhooks"))
    if as_json:
        print_json(answer)
        return
    table = Table(Column("id", no_wrap=True), "name", Column("address", overflow="fold"), "events", "state")
    for row in answer:
        state = "on" if row["enabled"] else f"off: {row['disabled_reason'] or 'switched off'}"
        table.add_row(row["id"], row["name"], row["url"], ", ".join(row["events"]), state)
    out.print(table)


@app.command()
def test(webhook: Webhook, as_json: AsJson = False) -> None:
    """Send it a message of the type webhook.test."""
    with connect(load_settings()) as client:
        answer = client.post(f"/v1/webhooks/{webhook}/test")
    if as_json:
        print_json(answer)
    else:
        say(f"{answer['id']} is on its way. What becomes of it: distillery webhooks deliveries {webhook}")


@app.command()
def deliveries(
    webhook: Webhook,
    status: Annotated[str | None, typer.Option(help="Only pending, delivered or failed ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What it was told, and what it answered."""
    with connect(load_settings()) as client:
        query: Json = {"limit": limit} | ({"status": status} if status else {})
        answer = client.get(f"/v1/webhooks/{webhook}/deliveries", **query)["data"]
    if as_json:
        print_json(answer)
        return
    table = Table(Column("id", no_wrap=True), "when", "type", "status", "tries", "last answer", "next try")
    for row in answer:
        last = row["log"][-1] if row["log"] else {"status": None, "error": None}
        said = str(last["status"] or last["error"] or "")
        when, next_ = (str(row[name] or "")[:16].replace("T", " ") for name in ("created_at", "next_at"))
        table.add_row(row["id"], when, row["type"], row["status"], str(row["tries"]), said, next_)
    out.print(table)


@app.command()
def resend(
    webhook: Webhook, delivery: Annotated[str, typer.Argument(help="Its id: dlv_…")], as_json: AsJson = False
) -> None:
    """Send a message again, under its own id."""
    with connect(load_settings()) as client:
        answer = client.post(f"/v1/webhooks/{webhook}/deliveries/{delivery}/resend")
    if as_json:
        print_json(answer)
    else:
        say(f"{delivery} is on its way again.")


@app.command()
def rotate(webhook: Webhook, as_json: AsJson = False) -> None:
    """Make a new secret; for 24 hours messages carry both signatures."""
    with connect(load_settings()) as client:
        answer = client.post(f"/v1/webhooks/{webhook}/rotate")
    _show_secret(answer, as_json)


@app.command()
def delete(webhook: Webhook, as_json: AsJson = False) -> None:
    """Tell it nothing more, and forget its deliveries."""
    with connect(load_settings()) as client:
        client.delete(f"/v1/webhooks/{webhook}")
    if as_json:
        print_json({"id": webhook, "deleted": True})
    else:
        say(f"{webhook} is deleted.")
