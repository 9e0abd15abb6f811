"""Whoever signs what Teams posts: a key of our own, and the list in which such keys stand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

from tests.adapters.teams.connector import APP

ISSUER = "https://api.botframework.com"
LASTS = timedelta(hours=1)


def new_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Signer:
    """Signs tokens, and serves the list of its keys; while it is `away` the list cannot be fetched."""

    key: RSAPrivateKey = field(default_factory=new_key)
    endorsements: tuple[str, ...] | None = ("msteams", "webchat")
    kid: str = "k1"
    away: bool = False
    fetched: int = 0
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Give where the list of keys is announced."""
        return f"http://127.0.0.1:{self.port}/openid"

    async def comes_up(self) -> None:
        app = web.Application()
        app.router.add_get("/openid", self._openid)
        app.router.add_get("/keys", self._keys)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def goes_down(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _openid(self, _: web.Request) -> web.Response:
        self.fetched += 1
        if self.away:
            return web.Response(status=503)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"http://127.0.0.1:{self.port}/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        listed = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        listed |= {"kid": self.kid, "use": "sig"}
        listed |= {"endorsements": list(self.endorsements)} if self.endorsements is not None else {}
        return web.json_response({"keys": [listed]})

    def claims(self, service_url: str, *, now: float, **other: Any) -> dict[str, Any]:
        """Give what a good token says; what is None is left out."""
        made = {"iss": ISSUER, "aud": APP, "serviceurl": service_url, "nbf": int(now) - 60}
        made |= {"exp": int(now + LASTS.total_seconds()), **other}
        return {name: value for name, value in made.items() if value is not None}

    def signs(self, claims: dict[str, Any], *, alg: str = "RS256", kid: str | None = None, key: Any = None) -> str:
        """Give an `Authorization` header."""
        headers = {"kid": self.kid if kid is None else kid}
        signed_with: Any = None if alg == "none" else (self.key if key is None else key)
        # by the layer below tokens, which signs whatever they say
        token = jwt.PyJWS().encode(json.dumps(claims).encode(), signed_with, alg, {**headers, "typ": "JWT"})
        return f"Bearer {token}"
