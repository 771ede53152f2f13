"""The console's page and files, and the runbooks, served to anyone: the page itself asks people to sign in."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files

from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from farwatch.hub import problems
from farwatch.hub.auth.access import SELF
from farwatch.hub.auth.guard import OPEN
from farwatch.hub.console.pages import ConsolePages, media_type, policy
from farwatch.hub.console.runbooks import Runbook, RunbookPages
from farwatch.hub.parameters import AnyRequest

ASSETS_PATH = "/console/assets/"

PAGES = ("alerts", "clusters", "history", "login", "objects", "routing", "rules", "settings", "silences")
"""The first parts of the addresses of the console's pages, beside ``/`` itself: whatever is below one of them is the
console's to show, and everything else is answered as before."""

_PLAIN_STYLE = "plain.css"

_HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def _serve(content: bytes, kind: str, **headers: str) -> Response[bytes]:
    return Response(content, media_type=kind, headers=_HEADERS | headers)


@get(
    ["/", *(path for name in PAGES for path in (f"/{name}", f"/{name}/{{rest:path}}"))], sync_to_thread=False
)
def show_console(state: State) -> Response[bytes]:
    """The page: which one is the console's to find out from the address."""
    pages: ConsolePages = state.console
    page = pages.page()
    return _serve(page.content, "text/html", **{"Content-Security-Policy": page.policy})


@get("/console/assets/{name:str}", sync_to_thread=False)
def show_asset(request: AnyRequest, state: State, name: FromPath[str]) -> Response[bytes]:
    """A file of the console that never changes: its name holds its content's hash."""
    pages: ConsolePages = state.console
    file = pages.asset(name)
    if file is None:
        raise NotFoundException(f"the console has no file {name[:100]!r}: load the page again")
    if "gzip" in request.headers.get("accept-encoding", ""):
        return _serve(file.compressed, file.media_type, **_FOR_EVER, **{"Content-Encoding": "gzip"})
    return _serve(file.content, file.media_type, **_FOR_EVER)


@get("/console/{name:str}", sync_to_thread=False)
def show_file(state: State, name: FromPath[str]) -> Response[bytes]:
    """A file whose name stays the same: the icon, what the first paint needs, the style of pages without the console."""
    pages: ConsolePages = state.console
    content = (
        files(__package__).joinpath(_PLAIN_STYLE).read_bytes() if name == _PLAIN_STYLE else pages.fixed(name)
    )
    if content is None:
        raise NotFoundException(f"the console has no file {name[:100]!r}")
    return _serve(content, media_type(name))


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


@get(
    "/runbooks/{alertname:str}",
    opt=SELF,
    summary="Read a runbook",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def read_runbook(state: State, alertname: FromPath[str]) -> Runbook:
    """What an alert of the hub's means, how it is set, and what to do about it; `url` is what such an alert links to."""
    pages: RunbookPages = state.runbooks
    runbook = pages.tell(alertname)
    if runbook is None:
        raise NotFoundException(f"there is no runbook {alertname[:100]!r}: GET /runbooks lists them all")
    return runbook


api_router = Router("/", route_handlers=[read_runbook], tags=["alerts"])

router = Router(
    "/",
    route_handlers=[show_console, show_asset, show_file, list_runbooks, show_runbook],
    opt=OPEN,
    include_in_schema=False,
)
