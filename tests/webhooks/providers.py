"""HubSpot and Stripe, as they send what they have to tell: signed."""

import hashlib
import hmac
import io
from base64 import b64encode
from datetime import UTC, datetime

import aiohttp

HUBSPOT_SECRET, STRIPE_SECRET = "hs-secret", "whsec_secret"
PUBLIC = "https://pivotal.example.com"


class Provider:
    """Both providers, sending to one server."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def hubspot(
        self, body: bytes, *, path: str = "/webhooks/hubspot", public: str = PUBLIC, secret: str = HUBSPOT_SECRET
    ) -> int:
        at = str(int(datetime.now(UTC).timestamp() * 1000))
        signed = b"POST" + f"{public}{path}".encode() + body + at.encode()
        signature = b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        headers = {"X-HubSpot-Request-Timestamp": at, "X-HubSpot-Signature-v3": signature}
        return await self.post(path, body, headers)

    async def stripe(self, body: bytes, *, path: str = "/webhooks/stripe", secret: str = STRIPE_SECRET) -> int:
        at = str(int(datetime.now(UTC).timestamp()))
        signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return await self.post(path, body, {"Stripe-Signature": f"t={at},v1={signature}"})

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        async with self._http.post(f"{self._url}{path}", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status
