"""The cookie that carries a session."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

NAME = "farwatch_session"


def read_cookie(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The secret in a request's cookie; empty if there is none."""
    return connection.cookies.get(NAME, "")


def make_cookie(secret: str, external_url: str, seconds: float) -> Cookie:
    """The cookie for a session: no script reads it, and no other site's request carries it but a click on a link."""
    return Cookie(
        key=NAME,
        value=secret,
        max_age=max(0, int(seconds)),
        path="/",
        httponly=True,
        samesite="lax",
        secure=external_url.startswith("https://"),
    )


def make_empty_cookie(external_url: str) -> Cookie:
    """What makes a browser forget the cookie."""
    return make_cookie("", external_url, 0)
