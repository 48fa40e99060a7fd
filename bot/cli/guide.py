"""Help that teaches: each command's ends in examples, and in the grammar's own table where the command takes filters."""

from collections.abc import Mapping
from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "pivotal": ("import --sample", "history acme", "history acme --actor pi --30d", "help history"),
    "import": ("import --sample", "import history.jsonl.gz"),
    "history": (
        "history acme",
        "history acme --actor pi --30d",
        'history "Acme Corp" --type task,nudge',
        "history acme --actor me --as 'Sam Lee'",
        "history acme.com --field plan --from 2026-01-01 --to 2026-03-31",
    ),
    "export": (
        "export acme --30d -o acme.csv",
        "export acme --actor hubspot --7d | less",
        "export acme --format jsonl",
    ),
    "verify": ("verify", "verify acme", "verify --file acme.csv"),
    "blame": ("blame acme", "blame acme plan"),
    "show": ("show acme --at 2026-02-28",),
    "settings": ("settings get", "settings get phases", "settings set phases Kickoff,Setup,Go-live"),
    "apikey": (
        "apikey create --name Till --scopes read,write --customer acme --expires 90d",
        "apikey list",
        "apikey revoke key_k3v9x2m4q7wt",
    ),
    "replay": ("replay", "replay --days 30"),
    "doctor": ("doctor",),
    "worker": ("worker",),
    "serve": ("serve --socket", "serve --host 0.0.0.0 --port 8080"),
    "manifest": ("manifest --socket", "manifest --url https://pivotal.example.com"),
    "workspaces": ("workspaces", "--workspace wsp_k3v9x2m4q7wt history acme"),
    "retention": ("retention", "settings set retention_days 365", "retention --now"),
    "purge": ("purge wsp_k3v9x2m4q7wt --yes",),
    "rekey": ("rekey",),
    "migrate": ("migrate",),
    "backup": ("backup pivotal-monday.backup",),
    "restore": (
        "restore pivotal-monday.backup --erasures erasures.jsonl",
        "restore pivotal-monday.backup --no-erasures",
    ),
    "erasures": ("erasures -o erasures.jsonl",),
    "move": ("move --to postgresql://user:password@host/database",),
    "demo": ("demo", "demo --port 9000 --no-browser"),
    "help": ("help", "help history"),
}
"""By the command's word, as they are typed after `pivotal`."""


class Commands(TyperGroup):
    """In the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as in its base
        return list(self.commands)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _write_examples(formatter, "pivotal")
        super().format_epilog(ctx, formatter)


class Taught(TyperCommand):
    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as in its base
        _write_examples(formatter, self.name or "")


class Filtered(Taught):
    """A command that takes filters."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        from store.domain.usage import FILTERS  # noqa: PLC0415 - only here, so that other help stays quick

        with formatter.section("Filters"):
            formatter.write_dl([(each.synopsis, each.purpose) for each in FILTERS])
        super().format_epilog(ctx, formatter)


def _write_examples(formatter: Any, word: str) -> None:
    with formatter.section("Examples"):
        for example in EXAMPLES[word]:
            formatter.write(f"{'':{formatter.current_indent}}pivotal {example}\n")
