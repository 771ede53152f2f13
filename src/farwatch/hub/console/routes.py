"""The console's files, served without a token: the page itself asks for one before it asks the API."""

from __future__ import annotations

from importlib.resources import files

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException

from farwatch.hub.auth.guard import OPEN

_MEDIA_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
}

_HEADERS = {
    # Nothing inline, nothing from elsewhere: a label or message can never become code.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _serve(name: str) -> Response[bytes]:
    if name not in _MEDIA_TYPES:
        raise NotFoundException(f"the console has no file {name[:100]!r}")
    content = files(__package__).joinpath(name).read_bytes()
    return Response(content, media_type=_MEDIA_TYPES[name], headers=_HEADERS)


@get("/", include_in_schema=False, opt=OPEN, sync_to_thread=False)
def index() -> Response[bytes]:
    """The page."""
    return _serve("index.html")


@get("/console/{name:str}", include_in_schema=False, opt=OPEN, sync_to_thread=False)
def file(name: str) -> Response[bytes]:
    """A file that the page needs."""
    return _serve(name)


router = Router("/", route_handlers=[index, file])
