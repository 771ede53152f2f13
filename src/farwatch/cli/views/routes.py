"""Where alerts go: the tree of routes, and the way of a label set through it."""

from __future__ import annotations

import msgspec
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from farwatch.cli.views.printing import Moment, print_json, print_text
from farwatch.cli.views.times import local
from farwatch.client import HubClient
from farwatch.terminal import make_console, plain

_MARKS = {
    "taken": ("✓", "bold green"),
    "passed": ("↓", "green"),
    "refused": ("✗", "red"),
    "skipped": ("-", "dim"),
    "": (" ", "dim"),
}


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a route."""

    route: str
    depth: int
    verdict: str
    words: str


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A route that is taken."""

    receiver: str
    group_key: str
    words: list[str]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Where alerts with some labels go."""

    labels: dict[str, str]
    routes: list[Visit]
    destinations: list[Destination]


class RouteNode(msgspec.Struct, frozen=True, kw_only=True):
    """A route and those below it."""

    route: str
    matchers: str
    receiver: str
    goes_on: bool = msgspec.field(name="continue")
    routes: list[RouteNode]


async def explain_route(
    hub: str, token: str, labels: dict[str, str], *, as_tree: bool, as_json: bool
) -> None:
    """Print where alerts with these labels would go by the hub's configuration."""
    async with HubClient(hub, token) as client:
        found: msgspec.Raw = await client.post("/alerting/explain", {"labels": labels}, msgspec.Raw)
        if as_json and not as_tree:
            print_json(found)
            return
        routes = await client.get("/alerting/routes", msgspec.Raw) if as_tree else None
    if as_json:
        print_json(routes)
        return
    forecast = msgspec.json.decode(found, type=Forecast) if labels or not as_tree else None
    show(forecast, None if routes is None else msgspec.json.decode(routes, type=RouteNode))


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a configuration."""

    path: str
    loaded_at: Moment
    error: str
    text: str


async def reload(hub: str, token: str, *, as_json: bool) -> None:
    """Let the hub read its configuration again."""
    async with HubClient(hub, token) as client:
        found = await client.post("/alerting/reload", {}, msgspec.Raw)
    if as_json:
        print_json(found)
        return
    config = msgspec.json.decode(found, type=Config)
    print_text(plain(f"The hub goes by {config.path} as it is now.").plain)


async def print_config(hub: str, token: str, *, as_json: bool) -> None:
    """Print the configuration in force."""
    async with HubClient(hub, token) as client:
        found = await client.get("/alerting/config", msgspec.Raw)
    if as_json:
        print_json(found)
        return
    config = msgspec.json.decode(found, type=Config)
    source = config.path or "no file: nobody is told"
    print_text(plain(f"# {source}, in force since {local(config.loaded_at)}").plain)
    if config.error:
        print_text(plain(f"# the last reload failed: {config.error}").plain)
    for line in config.text.splitlines():
        print_text(plain(line).plain)


def show(forecast: Forecast | None, tree: RouteNode | None) -> None:
    """Print the tree, if there is one, and otherwise each turn in words; then where the alerts go."""
    visits = forecast.routes if forecast else []
    if tree is not None:
        make_console().print(route_tree(tree, {visit.route: visit.verdict for visit in visits}))
    else:
        for visit in visits:
            make_console().print(_visit_line(visit))
    for destination in forecast.destinations if forecast else []:
        print_text("")
        make_console().print(plain(f"{destination.receiver}: {destination.group_key}", "bold"))
        for sentence in destination.words:
            make_console().print(Padding(plain(sentence), (0, 0, 0, 2), expand=False))


def route_tree(root: RouteNode, verdicts: dict[str, str]) -> Tree:
    """The tree of routes, each marked with what came of it."""
    drawn = Tree(_describe(root, verdicts), guide_style="dim")
    _grow(drawn, root, verdicts)
    return drawn


def _grow(drawn: Tree, node: RouteNode, verdicts: dict[str, str]) -> None:
    for below in node.routes:
        _grow(drawn.add(_describe(below, verdicts)), below, verdicts)


def _describe(node: RouteNode, verdicts: dict[str, str]) -> Text:
    line = f"{node.matchers} → {node.receiver}{', continue' if node.goes_on else ''}"
    return _marked(verdicts.get(node.route, ""), line) if verdicts else plain(line)


def _marked(verdict: str, text: str) -> Text:
    mark, style = _MARKS.get(verdict, _MARKS[""])
    found = Text(mark, style=style)
    return found.append(" ").append_text(plain(text)) if text else found


def _visit_line(visit: Visit) -> Padding:
    """A mark, and beside it what it stands for, in as many lines as that takes."""
    line = Table.grid(padding=(0, 1))
    line.add_row(_marked(visit.verdict, ""), plain(visit.words))
    return Padding(line, (0, 0, 0, 2 * visit.depth), expand=False)
