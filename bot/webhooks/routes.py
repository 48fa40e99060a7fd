"""POST /webhooks/hubspot and /webhooks/stripe: bytes → signature → a row → 2xx. What a delivery means is worked out by a job.

Where there are several workspaces, each has addresses and secrets of its own: /webhooks/hubspot/WORKSPACE. What the address names is believed
only when a secret of that very workspace has signed the delivery (decisions/0025-secrets-of-workspaces.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from bot.web import body_of
from bot.webhooks.signatures import hubspot_is_genuine, stripe_is_genuine
from store import Store
from store.domain.activity import Source
from store.domain.errors import PivotalError

log = structlog.get_logger()

BODY: Final = 1024 * 1024
"""Bytes of one delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """None, or no secret: that provider's route answers 404. public_url: where HubSpot reaches us; its signature covers the address."""

    hubspot: str | None = None
    stripe: Sequence[str] = ()
    public_url: str | None = None


class Webhooks:
    """secrets: those at the short addresses, which are home's, the workspace of the Slack team that this process speaks for; None, when it
    is not known which of several that is. of_workspace: those of others, by id. came: called when a delivery has been stored, so that
    the job need not wait for its next tick.
    """

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        of_workspace: Mapping[str, Secrets],
        clock: Callable[[], datetime],
        home: str | None,
        came: Callable[[], None],
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._of_workspace = of_workspace
        self._clock = clock
        self._home = home
        self._came = came
        self.rejected = 0
        """Deliveries whose signature did not hold, since the process began."""

    def routes(self) -> Sequence[web.RouteDef]:
        handlers = {"hubspot": self.hubspot, "stripe": self.stripe}
        return [
            web.post(f"/webhooks/{provider}{whose}", handle)
            for provider, handle in handlers.items()
            for whose in ("", "/{workspace}")
        ]

    def _addressed(self, request: web.Request) -> tuple[str, Secrets]:
        """The workspace that the address names, and its secrets. A workspace without is answered as one that does not exist."""
        named = request.match_info.get("workspace")
        if named is not None:
            return named, self._of_workspace.get(named, Secrets())
        if self._home is None:
            # A 503 would be tried again for days, and nothing but a new start helps.
            log.warning("a delivery came to a short address, and there are several workspaces", path=request.path)
            raise web.HTTPNotFound
        return self._home, self._secrets

    async def hubspot(self, request: web.Request) -> web.Response:
        workspace, secrets = self._addressed(request)
        secret, address = secrets.hubspot, secrets.public_url
        if secret is None or address is None:
            raise web.HTTPNotFound
        body = await body_of(request, BODY)
        genuine = hubspot_is_genuine(
            secret,
            request.headers.getall("X-HubSpot-Request-Timestamp", []),
            request.headers.getall("X-HubSpot-Signature-v3", []),
            request.method,
            address.rstrip("/") + request.raw_path,
            body,
            self._clock(),
        )
        return await self._kept(workspace, Source.HUBSPOT, body, refusal=None if genuine else web.HTTPUnauthorized)

    async def stripe(self, request: web.Request) -> web.Response:
        workspace, own = self._addressed(request)
        secrets = own.stripe
        if not secrets:
            raise web.HTTPNotFound
        body = await body_of(request, BODY)
        header = request.headers.getall("Stripe-Signature", [])
        genuine = stripe_is_genuine(secrets, header, body, self._clock())
        return await self._kept(workspace, Source.STRIPE, body, refusal=None if genuine else web.HTTPBadRequest)

    async def _kept(
        self, workspace: str, provider: Source, body: bytes, *, refusal: type[web.HTTPException] | None
    ) -> web.Response:
        if refusal is not None:
            self.rejected += 1
            log.info("a delivery's signature did not hold", provider=provider.value, rejected=self.rejected)
            raise refusal
        try:
            ident = await self._store.deliveries.receive(workspace, provider, body)
        except PivotalError as error:
            # Whoever sent it tries again: nothing is lost.
            log.warning("a delivery could not be kept", provider=provider.value, reason=type(error).__name__)
            raise web.HTTPServiceUnavailable from error
        log.info("delivery kept", workspace=workspace, provider=provider.value, delivery=ident, bytes=len(body))
        self._came()
        return web.json_response({"received": True})
