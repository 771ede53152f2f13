"""Single sign-on over HTTP: the way to a provider, back, and out."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from litestar import Response, Router, get
from litestar.datastructures import Cookie, State
from litestar.params import FromPath

from farwatch.hub.audit import AuditNotKeptError
from farwatch.hub.auth.access import OPEN
from farwatch.hub.auth.cookies import make_cookie, read_cookie
from farwatch.hub.auth.login import Client
from farwatch.hub.auth.oidc.attempts import LIFETIME_SECONDS, cookie_of, plain_page
from farwatch.hub.auth.oidc.errors import ProviderUnknownError, SignInError
from farwatch.hub.auth.oidc.sso import PATH, Sso
from farwatch.hub.auth.people import People
from farwatch.hub.parameters import AnyRequest

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _sso(state: State) -> Sso:
    sso: Sso = state.sso
    return sso


@get("/{provider:str}/login", opt=OPEN)
async def go_to_provider(state: State, request: AnyRequest, provider: FromPath[str]) -> Response[None]:
    """Send a browser to a provider to sign in."""
    sso = _sso(state)
    page = request.query_params.get("next", "/")
    try:
        departure = await sso.depart(provider, page)
    except (ProviderUnknownError, SignInError) as error:
        return _turn_back(str(error), page)
    return _send(departure.url, _attempt_cookie(sso, departure.cookie, departure.value, LIFETIME_SECONDS))


@get("/{provider:str}/callback", opt=OPEN)
async def come_back(state: State, request: AnyRequest, provider: FromPath[str]) -> Response[None]:
    """Take somebody in whom a provider has sent back, or say on the sign-in page why not."""
    sso, people = _sso(state), _people(state)
    query = dict(request.query_params.items())
    client = Client(
        request.client.host if request.client else "", request.headers.get("user-agent", "")[:300]
    )
    try:
        arrival = await sso.arrive(
            provider, query, request.cookies, people, client, former=read_cookie(request)
        )
    except (ProviderUnknownError, SignInError, AuditNotKeptError) as error:
        return _turn_back(str(error), "/", _attempt_cookie(sso, cookie_of(query.get("state", "")), "", 0))
    lasting = people.sessions.settings.longest_seconds
    return _send(
        arrival.next,
        make_cookie(arrival.secret, sso.external_url, lasting),
        _attempt_cookie(sso, arrival.cookie, "", 0),
    )


@get("/{provider:str}/logout", opt=OPEN)
async def sign_out_at_provider(state: State, provider: FromPath[str]) -> Response[None]:
    """Send a browser to where people sign out at their provider, and back to the sign-in page."""
    sso = _sso(state)
    login = f"{sso.external_url}/login"
    try:
        url = await sso.find(provider).end_session_url(login)
    except ProviderUnknownError as error:
        return _turn_back(str(error), "/")
    return _send(url or login)


def _people(state: State) -> People:
    people: People = state.people
    return people


def _send(url: str, *cookies: Cookie) -> Response[None]:
    return Response(
        None, status_code=HTTPStatus.FOUND, headers={**_HEADERS, "Location": url}, cookies=cookies
    )


def _turn_back(error: str, page: str, *cookies: Cookie) -> Response[None]:
    query = {"error": f"{error[:1].upper()}{error[1:]}."}
    if plain_page(page) != "/":
        query["next"] = plain_page(page)
    return _send(f"/login?{urlencode(query)}", *cookies)


def _attempt_cookie(sso: Sso, name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path=PATH,
        httponly=True,
        # The browser comes back by a link of the provider's.
        samesite="lax",
        secure=sso.external_url.startswith("https://"),
    )


router = Router(
    "/session/sso",
    route_handlers=[go_to_provider, come_back, sign_out_at_provider],
    tags=["session"],
    include_in_schema=False,
)
