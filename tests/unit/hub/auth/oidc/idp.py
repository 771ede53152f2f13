"""A small OpenID Connect provider, run as a process of its own: ``python idp.py``; it prints its address.

It signs in whoever it was told to (``POST /control``), and lies in the ways that it was told to. It checks what it must:
the client's secret, the redirect URI, the code's verifier, and that a code is worth something once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import unquote, urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "farwatch"
CLIENT_SECRET = "s3cr&t with=odd:signs"

ODD_KEYS = (
    {},
    {"kty": "odd"},
    {"kty": ["RSA"], "kid": {}, "use": [], "alg": 5},
    {"kty": "RSA", "kid": "halved", "n": "AQAB"},
)


def make_key(kind: str) -> Any:
    if kind == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Idp:
    def __init__(self) -> None:
        self.issuer = ""
        self.first = ("RSA", "key-1", make_key("RSA"))
        self.kind, self.kid, self.key = self.first
        self.stranger = make_key("RSA")
        self.lies: dict[str, Any] = {}
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "ada", "name": "Ada", "groups": []}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: dict[str, int] = {}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.misbehave])
        app.add_routes(
            [
                web.post("/control", self.control),
                web.get("/.well-known/openid-configuration", self.discovery),
                web.get("/keys", self.keys),
                web.get("/authorize", self.authorize),
                web.post("/token", self.token),
                web.get("/userinfo", self.userinfo),
            ]
        )
        return app

    @web.middleware
    async def misbehave(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1
        how = self.lies.get(f"at {request.path}")
        if how == "hang":
            await asyncio.sleep(3600)
        if how == "break":
            return web.Response(status=500, text="<html>out of order")
        if how == "flood":
            return web.Response(body=b"x" * (2 * 1024 * 1024))
        if how == "redirect":
            raise web.HTTPFound("/keys")
        if how == "garbage":
            return web.Response(body=b"\xff\x00{", content_type="application/json")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def control(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        self.lies = wanted.get("lies", self.lies)
        self.claims = wanted.get("claims", self.claims)
        if wanted.get("afresh"):
            self.kind, self.kid, self.key = self.first
        if "rotate" in wanted:
            self.kind, self.kid = wanted["rotate"], f"key-{secrets.token_hex(3)}"
            self.key = make_key(self.kind)
        return web.json_response({"asked": self.asked})

    async def discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.lies.get("issuer", self.issuer),
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": self.lies.get("token_endpoint", f"{self.issuer}/token"),
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/logout?x=1",
                "token_endpoint_auth_methods_supported": [self.lies.get("auth", "client_secret_basic")],
                "authorization_response_iss_parameter_supported": "iss" in self.lies,
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        kind = ECAlgorithm if self.kind == "EC" else RSAAlgorithm
        public = json.loads(kind.to_jwk(self.key.public_key()))
        shared = {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode(), "kid": "shared"}
        kid = {} if self.lies.get("no kid") else {"kid": self.kid}
        return web.json_response({"keys": [shared, *ODD_KEYS, public | kid | {"use": "sig"}]})

    async def authorize(self, request: web.Request) -> web.Response:
        query = request.query
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = dict(query)
        answer = {"code": code, "state": query["state"]}
        if "iss" in self.lies:
            answer["iss"] = self.lies["iss"] or self.issuer
        if "error" in self.lies:
            answer = {"error": self.lies["error"], "error_description": "no <b>", "state": query["state"]}
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(answer)}")

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if not self.knows(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self.codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != challenge
            or form["grant_type"] != "authorization_code"
        ):
            return web.json_response({"error": "invalid_grant", "error_description": "stale"}, status=400)
        access = secrets.token_urlsafe()
        return web.json_response(
            {
                "id_token": self.sign(asked, access),
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": 60,
            }
        )

    def knows(self, request: web.Request, form: Any) -> bool:
        if self.lies.get("auth") == "client_secret_post":
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        scheme, _, pair = request.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        return (scheme, unquote(name), unquote(secret)) == ("Basic", CLIENT_ID, CLIENT_SECRET)

    def sign(self, asked: dict[str, str], access: str) -> str:
        now = int(time.time())
        digest = hashlib.sha256(access.encode()).digest()
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "at_hash": base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
        }
        claims |= self.claims if not self.lies.get("silent") else {"sub": self.claims["sub"]}
        for name, value in self.lies.get("claims", {}).items():
            if value is None:
                claims.pop(name, None)
            elif name in {"exp", "iat", "nbf"}:
                claims[name] = now + value
            else:
                claims[name] = value
        return self.seal(claims)

    def seal(self, claims: dict[str, Any]) -> str:
        algorithm = "ES256" if self.kind == "EC" else "RS256"
        headers = {} if self.lies.get("no kid") else {"kid": self.kid}
        right = jwt.encode(claims, self.key, algorithm=algorithm, headers=headers)
        lies = {
            "none": lambda: jwt.encode(claims, None, algorithm="none", headers=headers),
            # What fools who verifies with whatever the header names.
            "shared": lambda: jwt.encode(
                claims, CLIENT_SECRET * 2, algorithm="HS256", headers={"kid": "shared"}
            ),
            "public": lambda: self.sign_with_public_key(claims),
            "stranger": lambda: jwt.encode(claims, self.stranger, algorithm="RS256", headers=headers),
            "unknown key": lambda: jwt.encode(
                claims, self.stranger, algorithm="RS256", headers={"kid": "nobody"}
            ),
            "cut": lambda: right[:-8],
            "critical": lambda: jwt.encode(
                claims, self.key, algorithm=algorithm, headers=headers | {"crit": ["x"], "x": 1}
            ),
            "half a key": lambda: jwt.encode(
                claims, self.key, algorithm=algorithm, headers={"kid": "halved"}
            ),
            "words": lambda: "not.a.token",
        }
        lie = self.lies.get("signature")
        return lies[lie]() if lie else right

    def sign_with_public_key(self, claims: dict[str, Any]) -> str:
        """The old trick: the public key as the secret of an HMAC."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

        def part(value: object) -> bytes:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

        body = part({"alg": "HS256", "typ": "JWT", "kid": self.kid}) + b"." + part(claims)
        import hmac  # noqa: PLC0415 - for this trick alone

        signature = base64.urlsafe_b64encode(hmac.new(public, body, hashlib.sha256).digest()).rstrip(b"=")
        return (body + b"." + signature).decode()

    async def userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Bearer ")
        return web.json_response(self.claims | self.lies.get("userinfo", {}))


async def main() -> None:
    idp = Idp()
    runner = web.AppRunner(idp.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    idp.issuer = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
    sys.stdout.write(idp.issuer + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
