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
    for key in value.get_secret_value().split(","):
        try:
            raw = urlsafe_b64decode(key.strip().encode("ascii"))
        except (NotBase64, UnicodeEncodeError):
            raise ValueError from None
        if len(raw) != 32:
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

    def require_slack_token(self) -> "SlackAccess":
        """What a worker needs of Slack. Raises Misconfigured."""
        if self.slack_bot_token is None:
            raise Misconfigured(
                "SLACK_BOT_TOKEN is missing: it stands in your Slack app's settings under OAuth & Permissions."
            )
        return SlackAccess(bot_token=self.slack_bot_token, signing_secret=None, app_token=None)

    def require_slack(self, *, socket: bool) -> "SlackAccess":
        """What `serve` needs to speak with Slack. Raises Misconfigured, naming all that is missing."""
        bot, signing, app = self.slack_bot_token, self.slack_signing_secret, self.slack_app_token
        missing = []
        if bot is None:
            missing.append(
                "SLACK_BOT_TOKEN is missing: it stands in your Slack app's settings under OAuth & Permissions."
            )
        if socket and app is None:
            missing.append("SLACK_APP_TOKEN is missing: Socket Mode needs it, see your Slack app's Basic Information.")
        if not socket and signing is None:
            missing.append("SLACK_SIGNING_SECRET is missing: it stands in your Slack app's Basic Information.")
        if bot is None or missing:
            raise Misconfigured(" ".join(missing))
        return SlackAccess(bot_token=bot, signing_secret=signing, app_token=app)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccess:
    """signing_secret is there unless Socket Mode is used, app_token if it is."""

    bot_token: SecretStr
    signing_secret: SecretStr | None
    app_token: SecretStr | None


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
