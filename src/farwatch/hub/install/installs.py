"""Install links: made for a cluster, shown beforehand, delivered once."""

from __future__ import annotations

import secrets as random_source
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth import secrets
from farwatch.hub.fleet import Clusters, get_cluster, issue_token, keep_token, make_token
from farwatch.hub.install import commands, delivery
from farwatch.hub.install.chart import AGENT_CHART, find_chart, read_version
from farwatch.hub.install.errors import LinkGoneError, LinkNotFoundError
from farwatch.hub.install.options import (
    HelmOptions,
    InstallOptions,
    check_external_url,
    choose_hub_url,
    to_values,
)
from farwatch.hub.install.records import install_links
from farwatch.hub.install.rendering import Renderer
from farwatch.hub.store.records import Records
from farwatch.hub.times import to_time, to_time_or_none

LINK_SECONDS = 3600.0
"""How long a link can be used."""

REMEMBERED_SECONDS = 7 * 86_400.0
"""How long it is remembered that there was one: who comes late is told that it was used, or too old."""

_log = structlog.get_logger(__name__)


class LinkState(StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


class InstallLink(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What may be shown of an install link. Times are UTC.

    Attributes:
        id: Its public name.
        cluster: The cluster it installs an agent in.
        state: What became of it.
        created_at: When it was made.
        created_by: The API token that made it, by name.
        expires_at: Until when it can be used.
        sha256: The checksum of what it delivers.
        token_id: The agent token that it delivers, by its public part.
        used_at: When it was used.
        used_from: From which address.
    """

    id: str
    cluster: str
    state: LinkState
    created_at: datetime
    created_by: str
    expires_at: datetime
    sha256: str
    token_id: str
    used_at: datetime | None = None
    used_from: str = ""


class CreatedLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new link, with all that people may want to do with it. `url` and the commands with it are shown this once."""

    id: str
    cluster: str
    namespace: str
    url: str
    command: str
    checked_command: str
    helm_command: str
    sha256: str
    preview_url: str
    expires_at: datetime


class HelmInstall(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An install by Helm, which takes an agent token from `FARWATCH_AGENT_TOKEN`. `hub_url` is where the agent will look for the hub."""

    hub_url: str
    helm_command: str


@dataclass(slots=True)
class InstallCounters:
    """What became of links, since the start.

    Attributes:
        made: Links made.
        delivered: Links used.
        refused: Links asked for that deliver nothing, by reason: ``used``, ``expired``, ``unknown``.
        failed: Charts that could not be rendered.
    """

    made: int = 0
    delivered: int = 0
    refused: Counter[str] = field(default_factory=lambda: Counter({"used": 0, "expired": 0, "unknown": 0}))
    failed: int = 0


class Installs:
    """Makes install links, and delivers what they stand for.

    Args:
        records: Where they are kept.
        clusters: The clusters they are for.
        external_url: Where clusters reach the hub; empty if nobody said.
        renderer: Renders the chart.
        clock: Seconds since the epoch.
        chart: The chart's folder; None finds it when it is needed.
    """

    def __init__(
        self,
        records: Records,
        clusters: Clusters,
        *,
        external_url: str,
        renderer: Renderer,
        clock: Callable[[], float],
        chart: Path | None = None,
    ) -> None:
        self.counters = InstallCounters()
        self._records = records
        self._clusters = clusters
        self._url = external_url
        self._renderer = renderer
        self._clock = clock
        self._chart = chart

    @property
    def chart(self) -> Path:
        """The agent's chart.

        Raises:
            ChartMissingError: It is not there.
        """
        return self._chart or find_chart(AGENT_CHART)

    async def create(self, cluster: str, options: InstallOptions, author: str) -> CreatedLink:
        """Make a link that installs a cluster's agent, with a token of its own for it.

        The agent's token becomes worthless with the link, unless that is used.

        Args:
            cluster: The cluster's name.
            options: How the agent is to be installed.
            author: The API token that asks, by name.

        Raises:
            ClusterNotFoundError: There is no such cluster.
            ExternalUrlError: The hub does not know an address under which agents may reach it.
            InstallOptionsError: The options cannot be used.
            RenderError: The chart could not be rendered.
            ChartMissingError: It is not there.
        """
        await self._clusters.get(cluster)
        check_external_url(self._url)
        values = to_values(options, cluster=cluster, hub_url=self._url)
        link = delivery.make_link_token()
        agent = make_token(lambda identity: delivery.derive_secret(link, identity))
        chart = self.chart
        text = await self._render(chart, options.namespace, {**values, "agentToken": agent.token})
        now = self._clock()
        row = {
            "id": random_source.token_hex(6),
            "digest": secrets.digest(link),
            "cluster": cluster,
            "token_id": agent.id,
            "author": author[:100],
            "sha256": delivery.checksum(text),
            "masked": delivery.mask(text, agent.token),
            "created_at": now,
            "expires_at": now + LINK_SECONDS,
        }
        async with self._records.begin() as connection:
            await get_cluster(connection, cluster)  # it may have been removed while the chart was rendered
            await _forget_old(connection, now)
            await issue_token(connection, cluster, now, new=agent, expires_at=now + LINK_SECONDS)
            await connection.execute(sa.insert(install_links).values(row))
        self.counters.made += 1
        _log.info("install link made", cluster=cluster, link=row["id"], token=agent.id, author=author)
        return self._show_created(row, link, chart, options.namespace, values)

    async def write_helm(self, cluster: str, options: HelmOptions) -> HelmInstall:
        """Write the command that installs a cluster's agent by Helm with a token that is there already. Nothing is made.

        Raises:
            ClusterNotFoundError: There is no such cluster.
            ExternalUrlError: Nobody said where the cluster reaches the hub; or no agent may link there.
            InstallOptionsError: The options cannot be used.
            ChartMissingError: The chart is not there.
        """
        await self._clusters.get(cluster)
        url = choose_hub_url(options.hub_url, self._url)
        values = to_values(options, cluster=cluster, hub_url=url)
        command = commands.helm_command(_chart_url(url, self.chart), options.namespace, values)
        return HelmInstall(hub_url=url, helm_command=command)

    async def list(self, cluster: str) -> list[InstallLink]:
        """A cluster's links of the last days, newest first.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        await self._clusters.get(cluster)
        mine = sa.select(install_links).where(install_links.c.cluster == cluster)
        async with self._records.read() as connection:
            rows = await connection.execute(
                mine.order_by(install_links.c.created_at.desc(), install_links.c.id)
            )
            return [_to_link(row, self._clock()) for row in rows.mappings()]

    async def preview(self, cluster: str, link_id: str) -> tuple[InstallLink, str]:
        """A link, and the text that it will deliver, with the agent's token masked.

        Raises:
            LinkNotFoundError: The cluster has no such link.
            LinkGoneError: It was used, or its time is over: there is no text any more.
        """
        this = sa.and_(install_links.c.cluster == cluster, install_links.c.id == link_id)
        async with self._records.read() as connection:
            row = (await connection.execute(sa.select(install_links).where(this))).mappings().first()
        if row is None:
            raise LinkNotFoundError(f"cluster {cluster[:80]!r} has no install link {link_id[:40]!r}")
        _check_open(row, self._clock())
        return _to_link(row, self._clock()), row["masked"]

    async def check(self, link_token: str) -> None:
        """See whether a link would deliver something, and leave it as it is.

        Raises:
            LinkNotFoundError: There is none of this token.
            LinkGoneError: It was used, or its time is over.
        """
        async with self._records.read() as connection:
            await self._find_open(connection, link_token)

    async def deliver(self, link_token: str, address: str) -> str:
        """The text that a link stands for; it is used up by that.

        Args:
            link_token: Its token.
            address: Who comes with it, for the record.

        Raises:
            LinkNotFoundError: There is none of this token.
            LinkGoneError: It was used, or its time is over.
        """
        try:
            async with self._records.begin() as connection:
                row = await self._find_open(connection, link_token)
                this = install_links.c.id == row["id"]
                used = {"used_at": self._clock(), "used_from": address[:100], "masked": None}
                await connection.execute(sa.update(install_links).where(this).values(used))
                await keep_token(connection, row["token_id"])
        except LinkGoneError as error:
            self.counters.refused[error.state] += 1
            raise
        except LinkNotFoundError:
            self.counters.refused["unknown"] += 1
            raise
        agent_token = f"fwa_{row['token_id']}_{delivery.derive_secret(link_token, row['token_id'])}"
        self.counters.delivered += 1
        _log.info("install link used", cluster=row["cluster"], link=row["id"], address=address)
        return delivery.unmask(row["masked"], agent_token)

    async def _render(self, chart: Path, namespace: str, values: Mapping[str, Any]) -> str:
        try:
            return await self._renderer.render(
                chart, release=commands.RELEASE, namespace=namespace, values=values
            )
        except Exception:
            self.counters.failed += 1
            raise

    async def _find_open(self, connection: AsyncConnection, link_token: str) -> sa.RowMapping:
        if not delivery.is_link_token(link_token):
            raise LinkNotFoundError("there is no such install link")
        this = install_links.c.digest == secrets.digest(link_token)
        # Locked, so that of two who come at once on two replicas the second finds it used.
        query = sa.select(install_links).where(this).with_for_update()
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise LinkNotFoundError("there is no such install link")
        _check_open(row, self._clock())
        return row

    def _show_created(
        self, row: Mapping[str, Any], link: str, chart: Path, namespace: str, values: Mapping[str, Any]
    ) -> CreatedLink:
        url = f"{self._url}/install/{link}"
        return CreatedLink(
            id=row["id"],
            cluster=row["cluster"],
            namespace=namespace,
            url=url,
            command=commands.apply_command(url),
            checked_command=commands.checked_command(url, row["sha256"]),
            helm_command=commands.helm_command(_chart_url(self._url, chart), namespace, values),
            sha256=row["sha256"],
            preview_url=f"{self._url}/api/v1/clusters/{row['cluster']}/install/{row['id']}",
            expires_at=to_time(row["expires_at"]),
        )


def _chart_url(hub_url: str, chart: Path) -> str:
    return f"{hub_url}/charts/{AGENT_CHART}-{read_version(chart)}.tgz"


async def _forget_old(connection: AsyncConnection, now: float) -> None:
    """What is too old to be used keeps no text; what is too old to be asked for is gone."""
    old = install_links.c.expires_at <= now
    await connection.execute(sa.update(install_links).where(old).values(masked=None))
    forgotten = install_links.c.expires_at <= now - REMEMBERED_SECONDS
    await connection.execute(sa.delete(install_links).where(forgotten))


def _check_open(row: Mapping[Any, Any], now: float) -> None:
    state = _state(row, now)
    if state is LinkState.OPEN:
        return
    when, fate = {
        LinkState.USED: (row["used_at"], "was used"),
        LinkState.EXPIRED: (row["expires_at"], "ended unused"),
    }[state]
    raise LinkGoneError(
        f"this install link of cluster {row['cluster']!r} {fate} at {to_time(when):%Y-%m-%d %H:%M:%S} UTC",
        state,
    )


def _state(row: Mapping[Any, Any], now: float) -> LinkState:
    if row["used_at"] is not None:
        return LinkState.USED
    return LinkState.OPEN if now < row["expires_at"] else LinkState.EXPIRED


def _to_link(row: Mapping[Any, Any], now: float) -> InstallLink:
    return InstallLink(
        id=row["id"],
        cluster=row["cluster"],
        state=_state(row, now),
        created_at=to_time(row["created_at"]),
        created_by=row["author"],
        expires_at=to_time(row["expires_at"]),
        sha256=row["sha256"],
        token_id=row["token_id"],
        used_at=to_time_or_none(row["used_at"]),
        used_from=row["used_from"],
    )
