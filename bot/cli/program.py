"""The commands of `pivotal`: what can be typed, and what the process exits with.

    0    done
    1    failed: not found, the history is not whole, the database or the environment is not as it must be
    2    not understood: an unknown command, option or filter
    130  interrupted

What is wrong goes to stderr, as one sentence.
"""

# ruff: noqa: PLC0415 - a command imports its own part, so that `pivotal --help` stays quick

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bot.cli.guide import Commands, Filtered, Taught
from bot.cli.named import WORKSPACE

DONE: Final = 0
FAILED: Final = 1
NOT_UNDERSTOOD: Final = 2

app = typer.Typer(
    name="pivotal",
    cls=Commands,
    help="Who changed what, when, from what to what: every customer's history.",
    epilog="The database is the one that DATABASE_URL names, else the file pivotal.db in this folder.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def first(
    context: typer.Context,
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace", metavar="ID", help="Of which workspace, where there are several.", show_default=False
        ),
    ] = None,
) -> None:
    WORKSPACE.set(workspace)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("import", cls=Taught)
def import_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="JSON Lines, plain or gzipped.", show_default=False)
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Six customers and their last 90 days, to try things.")
    ] = False,
) -> None:
    """Read customers and their history from a file.

    What was imported before is left out, so the same file may come twice. A line that does not fit ends the import; what stands before
    it is kept.
    """
    from bot.cli import importing

    importing.run(file, sample=sample)


@app.command(
    cls=Filtered,
    options_metavar="CUSTOMER [FILTER…]",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def history(
    context: typer.Context,
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who `me` is.", show_default=False)] = None,
) -> None:
    """Print what happened to a customer, newest first.

    CUSTOMER is a name, the beginning of one, a slug, a domain or an id.
    """
    from bot.cli import history as part

    part.run(context.args, as_)


@app.command(
    cls=Filtered,
    options_metavar="CUSTOMER [FILTER…]",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def export(
    context: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="In place of standard output.", show_default=False),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="csv|jsonl", help="CSV for spreadsheets, or a JSON object a line.")
    ] = "csv",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who `me` is.", show_default=False)] = None,
) -> None:
    """Write what happened to a customer as CSV, one row per changed field, newest first.

    To the byte what "Export to CSV" sends in Slack. `pivotal verify --file FILE` tells later whether the file is still whole.
    """
    from bot.cli import export as part

    part.run(context.args, as_, output, format_)


@app.command(cls=Taught)
def verify(
    customer: Annotated[
        str | None, typer.Argument(metavar="CUSTOMER", help="All of them, if left out.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="An exported CSV, or its ZIP, instead.", show_default=False),
    ] = None,
) -> None:
    """Check that the history is as it was recorded, or a file as it was exported.

    No entry may have been changed, removed or slipped in. Otherwise it names the customer and the first such entry, and
    exits with 1.
    """
    if file is not None:
        from bot.cli import export as part

        part.verify(file, customer)
        return
    from bot.cli import database

    database.verify(customer)


@app.command(cls=Taught)
def blame(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", show_default=False)],
    field: Annotated[
        str | None, typer.Argument(metavar="FIELD", help="All of them, if left out.", show_default=False)
    ] = None,
) -> None:
    """Print who last set each field of a customer, when, and from what."""
    from bot.cli import record

    record.blame(customer, field)


@app.command(cls=Taught)
def show(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", show_default=False)],
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="Year, month and day.", show_default=False)],
) -> None:
    """Print the record of a customer as it was when that day ended, and what has changed since."""
    from bot.cli import record

    record.show(customer, at)


@app.command(cls=Taught)
def settings(
    action: Annotated[str, typer.Argument(metavar="get|set", show_default=False)],
    key: Annotated[str | None, typer.Argument(metavar="KEY", show_default=False)] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", show_default=False)] = None,
) -> None:
    """Print what the workspace has decided, or decide it: `get`, `get KEY`, `set KEY VALUE`."""
    from bot.cli import record

    match (action, key, value):
        case ("get", _, None):
            record.get_settings(key)
        case ("set", str(name), str(text)):
            record.set_setting(name, text)
        case _:
            raise typer.BadParameter("write `get`, `get KEY` or `set KEY VALUE`")


@app.command(cls=Taught)
def apikey(
    action: Annotated[str, typer.Argument(metavar="create|list|revoke", show_default=False)],
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="To revoke: its id.", show_default=False)] = None,
    scopes: Annotated[str, typer.Option(metavar="read,write", help="What it may do.")] = "read",
    customer: Annotated[
        str | None, typer.Option(metavar="CUSTOMER", help="It knows this one only.", show_default=False)
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="90d", help="It ends after so many days.", show_default=False)
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="How the history calls who writes with it.", show_default=False)
    ] = None,
) -> None:
    """Let programs in: keys of the HTTP API.

    A new key is printed alone, this once; the database keeps only its hash. A revoked one lets nobody in from that moment on.
    """
    from bot.cli import apikey as part

    part.run(action, key, scopes=scopes, customer=customer, expires=expires, name=name)


@app.command(cls=Taught)
def replay(
    days: Annotated[int, typer.Option("--days", metavar="N", help="How far back.")] = 7,
) -> None:
    """Apply kept HubSpot and Stripe deliveries once more, as after a change of the mapping. Only what is missing is added."""
    from bot.cli import record

    record.replay(days)


@app.command(cls=Taught)
def worker(
    host: Annotated[str | None, typer.Option(help="In place of HOST.", show_default=False)] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Answer there: /healthz, /readyz and /metrics.", show_default=False),
    ] = None,
) -> None:
    """Run the jobs only: send what is due, apply what came in. Any number of workers may run."""
    from bot.cli import serving

    serving.work(host=host, port=port)


@app.command(cls=Taught)
def serve(
    socket: Annotated[
        bool, typer.Option("--socket", help="Connect to Slack by Socket Mode: no public address is needed.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="In place of HOST.", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="In place of PORT; 0 takes a free one.", show_default=False)
    ] = None,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--with-worker/--no-worker", help="Run the jobs in this process. The default on SQLite.", show_default=False
        ),
    ] = None,
) -> None:
    """Answer Slack, until stopped by Ctrl-C or SIGTERM."""
    from bot.cli import serving

    serving.run(socket=socket, host=host, port=port, worker=worker)


@app.command(cls=Taught)
def manifest(
    socket: Annotated[bool, typer.Option("--socket", help="For Socket Mode. The default, without PUBLIC_URL.")] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="For HTTP: where Slack reaches `serve`.", show_default=False)
    ] = None,
) -> None:
    """Print the app manifest that Slack asks for.

    Paste it where an app is created from a manifest, at api.slack.com/apps.
    """
    from bot.cli import manifesting

    manifesting.run(socket=socket, url=url)


@app.command(cls=Taught)
def doctor() -> int:
    """Look whether everything is as it must be: environment, database, clocks, Slack's token and scopes, webhooks.

    Every line says what to do. Exits with 1 when something is wrong.
    """
    from bot.cli import doctor as part

    return part.run()


@app.command(cls=Taught)
def workspaces() -> None:
    """List the workspaces: their ids, Slack teams, and whether the app is installed there."""
    from bot.cli import workspaces as part

    part.listed()


@app.command(cls=Taught)
def retention(
    now: Annotated[
        bool, typer.Option("--now", help="Remove what has had its time, rather than within the hour.")
    ] = False,
) -> None:
    """Print for how long each workspace keeps its histories, and what would go now.

    The setting `retention_days` decides it; without it everything is kept. The worker removes what is older, for good.
    """
    from bot.cli import retention as part

    part.run(now=now)


@app.command(cls=Taught)
def purge(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Its id.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="You mean it.")] = False,
) -> None:
    """Delete all there is of a workspace, its histories too, for good."""
    from bot.cli import workspaces as part

    part.purge(workspace, yes=yes)


@app.command(cls=Taught)
def rekey() -> None:
    """Seal the workspaces' tokens under the first key of PIVOTAL_SECRET_KEY, while everything goes on."""
    from bot.cli import workspaces as part

    part.rekey()


@app.command(cls=Taught)
def migrate() -> None:
    """Bring the database to this program's schema. A second run does nothing."""
    from bot.cli import database

    database.migrate()


@app.command(cls=Taught)
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new one.", show_default=False)],
) -> None:
    """Write all that the database has into a file, as of one moment, while everything goes on.

    It is the same from SQLite and PostgreSQL, and can be restored into either.
    """
    from bot.cli import backup as part

    part.backup(file)


@app.command(cls=Taught)
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `pivotal backup` wrote.", show_default=False)],
    erasures: Annotated[
        Path | None,
        typer.Option("--erasures", metavar="FILE", help="Who was erased since: erase them again.", show_default=False),
    ] = None,
    no_erasures: Annotated[bool, typer.Option("--no-erasures", help="Nobody was erased since.")] = False,
) -> None:
    """Fill a new database from a backup: as a whole, checked, or not at all."""
    from bot.cli import backup as part

    part.restore(file, erasures, nobody=no_erasures)


@app.command(cls=Taught)
def erasures(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="In place of standard output.", show_default=False),
    ] = None,
) -> None:
    """List the contacts who were erased, without their names. Kept outside the backups, it keeps them erased in a restored one."""
    from bot.cli import backup as part

    part.list_erasures(output)


@app.command(cls=Taught)
def move(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="Of the new database.", show_default=False)],
) -> None:
    """Copy everything into another, empty database: from SQLite to PostgreSQL, or back. Stop `serve` and `worker` first."""
    from bot.cli import backup as part

    part.move(to)


@app.command(cls=Taught)
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the page, on this machine; 0 takes a free one.")
    ] = 8090,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what was done in the demo before.")] = False,
) -> None:
    """Try it in the browser, without a Slack workspace."""
    from bot.cli import demo as part

    part.run(port=port, browser=not no_browser, reset=reset)


@app.command("help", cls=Taught)
def help_(
    context: typer.Context,
    command: Annotated[
        str | None, typer.Argument(metavar="COMMAND", help="More about this one.", show_default=False)
    ] = None,
) -> None:
    """Say what can be typed, or more about one command."""
    root = context.parent or context
    if command is None:
        typer.echo(root.get_help())
        return
    group: Any = root.command
    _, found, _ = group.resolve_command(root, [command])
    with found.make_context(command, [], parent=root, resilient_parsing=True) as inner:
        typer.echo(inner.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns what the process exits with; it never raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name is no reason to fail
    try:
        code = app(arguments, prog_name="pivotal", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _misread(error)
    except typer.Abort:
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever reads along has read enough
        return FAILED
    except Exception as error:  # noqa: BLE001 - the one place where any exception becomes a sentence
        from bot.cli import terminal

        return terminal.failed(error)
    return code if isinstance(code, int) else DONE


def _misread(error: typer.TyperException) -> int:
    from bot.cli import terminal

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "pivotal"
    told = error.format_message()
    terminal.say(f"{told}{'' if told.endswith(('.', '?')) else '.'} Try `{path} --help`.")
    return NOT_UNDERSTOOD
