"""Tables over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.inventory.errors import TableError
from farwatch.hub.inventory.parameters import KindInPath, find_kind, sight, to_seconds
from farwatch.hub.inventory.past import Past, PastQuery
from farwatch.hub.inventory.statuses import Level
from farwatch.hub.inventory.table.ordering import read_order
from farwatch.hub.inventory.table.past import PastTables
from farwatch.hub.inventory.table.query import (
    Column,
    Facets,
    TableQuery,
    columns_of,
    count_facets,
    cut_window,
)
from farwatch.hub.inventory.table.rows import Entries, Row, Rows
from farwatch.hub.parameters import AnyRequest, split_names
from farwatch.hub.times import to_time
from farwatch.kube.selectors import Selector

MOST_ROWS = 1000
"""How many rows one answer holds."""

MOST_NAMES = 100
"""How many names one parameter lists."""

LONGEST_SEARCH = 200


class Table(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A window of a table.

    `total` is how many rows there are with these filters; `at` is when it was so; `facets` are there when asked for.
    `knownSince` comes with tables of the past: of a time before it, only what did not change until then is known.
    """

    kind: str
    namespaced: bool
    columns: list[Column]
    rows: list[Row]
    offset: int
    total: int
    at: datetime
    known_since: datetime | None = None
    facets: Facets | None = None


@get(
    "/table/{kind:str}",
    summary="Read a table of objects",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
    opt=needs(Permission.OBJECTS_READ),
)
async def read_table(
    request: AnyRequest,
    state: State,
    kind: KindInPath,
    *,
    cluster: Annotated[
        str, QueryParameter(description="Only these clusters', comma-separated; all when empty.")
    ] = "",
    cluster_labels: Annotated[
        str, QueryParameter(name="clusterLabels", description="A label selector over clusters: env=prod.")
    ] = "",
    namespace: Annotated[
        str, QueryParameter(description="Only these namespaces', comma-separated; all when empty.")
    ] = "",
    labels: Annotated[
        str, QueryParameter(description="A label selector over objects: app=web,tier!=db,env in (a,b).")
    ] = "",
    search: Annotated[
        str,
        QueryParameter(
            description="Words that must all be found in name, namespace, status or labels, in any case."
        ),
    ] = "",
    level: Annotated[
        str, QueryParameter(description="Only these levels, comma-separated: ok,warn,bad,done,unknown.")
    ] = "",
    status: Annotated[
        str, QueryParameter(description="Only these statuses, comma-separated: CrashLoopBackOff,Pending.")
    ] = "",
    sort: Annotated[
        str,
        QueryParameter(
            description="Columns by their id, comma-separated, `-` before one for the largest first: "
            "-restarts,name. Also cluster, namespace, name, status and label:<name>. Ties and what is not named: by "
            "cluster, namespace and name."
        ),
    ] = "",
    label_columns: Annotated[
        str,
        QueryParameter(name="labelColumns", description="Labels to show as columns, comma-separated."),
    ] = "",
    at: Annotated[
        datetime | None,
        QueryParameter(description="The table as it was then; without a zone, in UTC. Now, when left out."),
    ] = None,
    facets: Annotated[bool, QueryParameter(description="Count the rows by each choice of a filter.")] = False,
    offset: Annotated[int, QueryParameter(ge=0, le=10_000_000, description="The first row's place.")] = 0,
    limit: Annotated[int, QueryParameter(ge=0, le=MOST_ROWS, description="How many rows at most.")] = 100,
) -> Table:
    """Objects of one kind across the fleet as `kubectl get` prints them: filtered, sorted, and cut to a window.

    Times are times and not ages. A cell that has nothing to show is null. With `at`, what was deleted since is there, and
    what came later is not; clusters that have left the fleet are not shown.
    """
    found = find_kind(kind)
    query = TableQuery(
        kind=found.name,
        clusters=await _choose_clusters(state, _names("cluster", cluster), cluster_labels),
        namespaces=_names("namespace", namespace),
        levels=_levels(level),
        words=frozenset(word.lower() for word in _names("status", status) or ()),
        selector=Selector.parse(labels),
        search=_search(search),
        label_columns=tuple(_split("labelColumns", label_columns)),
        order=read_order(sort, found.name),
        sees=sight(request),
    )
    entries, known_since = await _find_entries(state, query, at)
    window = cut_window(entries, query, offset, limit)
    return Table(
        kind=found.name,
        namespaced=found.namespaced,
        columns=columns_of(found.name, query.label_columns),
        rows=window.rows,
        offset=offset,
        total=window.total,
        at=datetime.now(UTC) if at is None else to_time(to_seconds(at)),
        known_since=known_since,
        facets=count_facets(entries, query) if facets else None,
    )


async def _find_entries(
    state: State, query: TableQuery, at: datetime | None
) -> tuple[Entries, datetime | None]:
    """The rows to choose from and, of the past, since when everything is known."""
    if at is None:
        rows: Rows = state.rows
        return rows.entries(query.kind), None
    tables: PastTables = state.past_tables
    past: Past = state.past
    born = {
        cluster.name: cluster.created_at.timestamp()
        for cluster in await state.fleet.clusters.list()
        if query.clusters is None or cluster.name in query.clusters
    }
    asked = PastQuery(kinds=(query.kind,), time=to_seconds(at), clusters=born)
    return await tables.entries(asked), await past.known_since(born)


async def _choose_clusters(state: State, names: frozenset[str] | None, labels: str) -> frozenset[str] | None:
    selector = Selector.parse(labels)
    if not selector.requirements:
        return names
    chosen = {
        cluster.name for cluster in await state.fleet.clusters.list() if selector.matches(cluster.labels)
    }
    return frozenset(chosen if names is None else chosen & names)


def _levels(text: str) -> frozenset[Level]:
    names = _split("level", text)
    if unknown := sorted(set(names) - set(Level)):
        raise TableError(f"level: {unknown[0][:100]!r} is none of {', '.join(Level)}")
    return frozenset(map(Level, names))


def _search(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST_SEARCH:
        raise TableError(
            f"search: {len(text)} characters are more than the {LONGEST_SEARCH} that are looked for"
        )
    return tuple(text.lower().split())


def _names(parameter: str, text: str) -> frozenset[str] | None:
    return frozenset(_split(parameter, text)) or None


def _split(parameter: str, text: str) -> list[str]:
    names = split_names(text)
    if len(names) > MOST_NAMES:
        raise TableError(
            f"{parameter}: {len(names)} names are more than the {MOST_NAMES} that one question lists"
        )
    return names


handlers = (read_table,)
