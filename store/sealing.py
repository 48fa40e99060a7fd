"""Secrets as the database keeps them: sealed by AES-256-GCM under a key from the environment, for one workspace and one column.

`1.<key id>.<base64 of nonce, text and tag>`. What is sealed for one place does not open in another: the place is authenticated with it.
Several keys may hold at once: the first seals, all of them open, so that keys can be changed while everything goes on.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.domain.errors import PivotalError

VERSION: Final = "1"
NONCE: Final = 12
"""Bytes. Chosen at random, so that a key may seal some 4 billion values (NIST SP 800-38D, 8.3)."""


class NotOpened(PivotalError):
    """A sealed value is not what was sealed for this place, or was sealed under a key that is not here."""


class Keys:
    """keys: 32 bytes each, the one that seals first; none: there is nothing to seal with, and nothing opens."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._first = next(iter(self._ciphers), None)

    def seal(self, text: str, workspace: str, column: str) -> str:
        """raises NotOpened, where there is no key"""
        if self._first is None:
            raise NotOpened("There is no key to keep a secret under.", "Set PIVOTAL_SECRET_KEY.")
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._ciphers[self._first].encrypt(nonce, text.encode(), _place(workspace, column))
        return f"{VERSION}.{self._first}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, workspace: str, column: str) -> str:
        """raises NotOpened"""
        version, _, rest = sealed.partition(".")
        name, _, encoded = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version == VERSION and cipher is None:
            raise NotOpened(
                f"A secret in the database was sealed under the key {name}, which PIVOTAL_SECRET_KEY does not have.",
                "Add that key behind the others.",
            )
        try:
            raw = urlsafe_b64decode(encoded)
            if version == VERSION and cipher is not None and urlsafe_b64encode(raw).decode() == encoded:
                return cipher.decrypt(raw[:NONCE], raw[NONCE:], _place(workspace, column)).decode()
        except (InvalidTag, NotBase64, ValueError):
            pass
        raise NotOpened("A secret in the database was changed, or belongs somewhere else.")

    def knows(self, sealed: str) -> bool:
        """Whether the key is here under which it was sealed."""
        version, _, rest = sealed.partition(".")
        return version == VERSION and rest.partition(".")[0] in self._ciphers

    def is_newest(self, sealed: str) -> bool:
        """Whether it was sealed under the key that seals now."""
        return self._first is not None and sealed.startswith(f"{VERSION}.{self._first}.")


def _name(key: bytes) -> str:
    """What a key is called beside what it has sealed. It tells nothing of the key."""
    return hashlib.sha256(b"pivotal key id\0" + key).hexdigest()[:8]


def _place(workspace: str, column: str) -> bytes:
    return json.dumps([workspace, column]).encode()
