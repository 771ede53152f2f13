"""The console's files and the runbooks, served without a token: the page itself asks for one before it asks the API."""

from __future__ import annotations

from importlib.resources import files

from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from farwatch.hub.auth.guard import OPEN
from farwatch.hub.console.runbooks import RunbookPages

_MEDIA_TYPES = {"index.html": "text/html", "console.css": "text/css", "console.js": "text/javascript"}

_HEADERS = {
    # Nothing inline, nothing from elsewhere: a label or message can never become code.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _serve(content: bytes, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers=_HEADERS)


def _serve_file(name: str) -> Response[bytes]:
    return _serve(files(__package__).joinpath(name).read_bytes(), _MEDIA_TYPES[name])


@get("/", sync_to_thread=False)
def show_console() -> Response[bytes]:
    """The page."""
    return _serve_file("index.html")


@get("/console/{name:str}", sync_to_thread=False)
def show_file(name: FromPath[str]) -> Response[bytes]:
    """A file that the page needs."""
    if name not in _MEDIA_TYPES:
        raise NotFoundException(f"the console has no file {name[:100]!r}")
    return _serve_file(name)


@get("/runbooks", sync_to_thread=False)
def list_runbooks(state: State) -> Response[bytes]:
    """A page that names every alert."""
    pages: RunbookPages = state.runbooks
    return _serve(pages.index, "text/html")


@get("/runbooks/{alertname:str}", sync_to_thread=False)
def show_runbook(state: State, alertname: FromPath[str]) -> Response[bytes]:
    """What an alert means, and what to do about it."""
    pages: RunbookPages = state.runbooks
    page = pages.get(alertname)
    if page is None:
        raise NotFoundException(f"there is no runbook {alertname[:100]!r}: /runbooks lists them all")
    return _serve(page, "text/html")


router = Router(
    "/",
    route_handlers=[show_console, show_file, list_runbooks, show_runbook],
    opt=OPEN,
    include_in_schema=False,
)
