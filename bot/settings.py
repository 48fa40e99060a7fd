"""The environment, read once: required means required, secrets are secret, what is malformed is named."""

import json
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from store.domain.errors import PivotalError

SLACK_API: Final = "https://slack.com/api/"


class Misconfigured(PivotalError):
    """What is missing or malformed in the environment, each in a sentence; never with the value."""


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if (
        not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
        or (parts.port is not None and not parts.port)
    ):
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise ValueError
    return url.rstrip("/") + "/"


def _secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError
    return value


def _starting(prefix: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefix):
            raise ValueError
        return _secret(value)

    return AfterValidator(check)


def _keys(value: SecretStr) -> SecretStr:
    try:
        raw = [urlsafe_b64decode(key.strip().encode("ascii")) for key in value.get_secret_value().split(",")]
    except (NotBase64, UnicodeEncodeError):
        raise ValueError from None
    if any(len(key) != 32 for key in raw):
        raise ValueError
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]
Address = Annotated[str, AfterValidator(_web_address)]


class WebhookSecrets(BaseModel):
    """By what we know one workspace's webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    hubspot: Secret | None = None
    stripe: Secret | None = None


def _json(given: Any) -> Any:
    return json.loads(given) if isinstance(given, str) else given


BySecretOf = Annotated[dict[str, WebhookSecrets], NoDecode, BeforeValidator(_json)]

_ADDRESS: Final = "an https address, or an http one on this machine"
_ONE_WORD: Final = "one word without spaces"


class Settings(BaseSettings):
    """Everything the process reads from its environment. A field's description ends the sentence `NAME must be …`.

    Whatever only some commands need is optional here; they ask for it by a `require_…` method.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field("sqlite:///pivotal.db", repr=False, description="the address of a database")
    migration_database_url: str | None = Field(None, repr=False, description="the address of a database")
    database_read_url: str | None = Field(None, repr=False, description="the address of a database")

    slack_bot_token: Annotated[SecretStr, _starting("xoxb-")] | None = Field(
        None, description="a token that begins with xoxb-"
    )
    slack_app_token: Annotated[SecretStr, _starting("xapp-")] | None = Field(
        None, description="a token that begins with xapp-"
    )
    slack_signing_secret: Secret | None = Field(None, description=_ONE_WORD)
    slack_client_id: str | None = Field(None, description="the Client ID of your Slack app")
    slack_client_secret: Secret | None = Field(None, description=_ONE_WORD)
    slack_api_url: Address = Field(SLACK_API, description=_ADDRESS)

    public_url: Address | None = Field(None, description=_ADDRESS)
    host: str = Field("127.0.0.1", description="a name or an IP address of this machine")
    port: int = Field(8080, ge=0, le=65535, description="a number from 0 to 65535")

    pivotal_secret_key: Annotated[SecretStr, AfterValidator(_keys)] | None = Field(
        None, description="32 bytes in urlsafe base64, or several such keys between commas"
    )
    hubspot_client_secret: Secret | None = Field(None, description=_ONE_WORD)
    stripe_webhook_secret: Secret | None = Field(None, description=_ONE_WORD)
    webhook_secrets: BySecretOf = Field(
        {}, description='a JSON object such as {"wsp_…": {"hubspot": "…", "stripe": "…"}}'
    )

    metrics_key: Secret | None = Field(None, description=_ONE_WORD)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @property
    def is_reached_by_https(self) -> bool:
        return (self.public_url or "").startswith("https:")

    @property
    def for_many(self) -> bool:
        """Whether workspaces install the app by themselves."""
        return self.slack_client_id is not None

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """Those of PIVOTAL_SECRET_KEY, the one that seals first."""
        given = self.pivotal_secret_key.get_secret_value() if self.pivotal_secret_key else ""
        return tuple(urlsafe_b64decode(key.strip()) for key in given.split(",") if key.strip())

    def require_slack_token(self) -> "SlackAccess":
        """What a worker needs of Slack. Raises Misconfigured, naming all that is missing."""
        if missing := self.lacks_tokens(answers=False):
            raise Misconfigured(" ".join(missing))
        return self._access(signing_secret=None, app_token=None)

    def require_slack(self, *, socket: bool) -> "SlackAccess":
        """What `serve` needs to speak with Slack. Raises Misconfigured, naming all that is missing."""
        signing, app = self.slack_signing_secret, self.slack_app_token
        missing = self.lacks_tokens(answers=True)
        if socket and app is None:
            missing.append("SLACK_APP_TOKEN is missing: Socket Mode needs it, see your Slack app's Basic Information.")
        if not socket and signing is None:
            missing.append("SLACK_SIGNING_SECRET is missing: it stands in your Slack app's Basic Information.")
        if missing:
            raise Misconfigured(" ".join(missing))
        return self._access(signing_secret=signing, app_token=app)

    def _access(self, signing_secret: SecretStr | None, app_token: SecretStr | None) -> "SlackAccess":
        many = None
        if self.slack_client_id is not None and self.slack_client_secret is not None:
            many = Distribution(client_id=self.slack_client_id, client_secret=self.slack_client_secret)
        return SlackAccess(
            bot_token=self.slack_bot_token, signing_secret=signing_secret, app_token=app_token, many=many
        )

    def lacks_tokens(self, *, answers: bool) -> list[str]:
        """A sentence for each thing without which there is no token to call Slack with."""
        if not self.for_many:
            absent = "SLACK_BOT_TOKEN is missing: it stands in your Slack app's settings under OAuth & Permissions."
            return [] if self.slack_bot_token else [absent]
        if self.slack_bot_token is not None:
            return [
                "SLACK_BOT_TOKEN is of one workspace, and with SLACK_CLIENT_ID each has a token of its own: leave one of them out."
            ]
        lacking = []
        if self.slack_client_secret is None:
            lacking.append("SLACK_CLIENT_SECRET is missing: it stands in your Slack app's Basic Information.")
        if self.pivotal_secret_key is None:
            lacking.append("PIVOTAL_SECRET_KEY is missing: workspaces' tokens are kept under it.")
        if answers and self.public_url is None:
            lacking.append("PUBLIC_URL is missing: Slack sends whoever installs the app back to it.")
        return lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """By which the app is known to Slack that several workspaces install."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccess:
    """bot_token: of the only workspace; many: where each has its own. signing_secret is there unless Socket Mode is used, app_token if it is."""

    bot_token: SecretStr | None
    signing_secret: SecretStr | None
    app_token: SecretStr | None
    many: Distribution | None = None


def read() -> Settings:
    """The settings of this process. Raises Misconfigured."""
    try:
        return Settings()
    except ValidationError as error:
        fields = dict.fromkeys(
            str(problem["loc"][0]) for problem in error.errors(include_input=False, include_context=False)
        )
        sentences = [f"{name.upper()} must be {Settings.model_fields[name].description}." for name in fields]
        raise Misconfigured(" ".join(sentences)) from None
