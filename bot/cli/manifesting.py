"""`pivotal manifest`: the app manifest, as YAML."""

import sys

from pydantic import TypeAdapter, ValidationError

from bot import settings
from bot.manifest import as_yaml, manifest
from bot.settings import Address
from store.domain.errors import UsageError, code


def run(*, socket: bool, url: str | None) -> None:
    if socket and url is not None:
        raise UsageError("`--socket` and `--url` are two ways to connect.", "Leave one out.")
    sys.stdout.write(as_yaml(manifest(url=None if socket else _address(url) or settings.read().public_url)))


def _address(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        return TypeAdapter(Address).validate_python(url)
    except ValidationError:
        raise UsageError(
            f"I read {code(url)}, where Slack cannot reach `serve`.",
            "Write an https address, as in `--url https://pivotal.example.com`.",
        ) from None
