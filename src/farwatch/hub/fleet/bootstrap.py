"""The cluster that a hub begins with: its token was made outside, so that hub and agent can be installed at once."""

from __future__ import annotations

import sqlalchemy as sa
import structlog

from farwatch.hub.auth import secrets
from farwatch.hub.fleet.errors import BootstrapTokenError
from farwatch.hub.fleet.records import check_name, clusters, find_cluster, tokens
from farwatch.hub.fleet.tokens import is_key, token_id
from farwatch.hub.store.records import Records

_log = structlog.get_logger(__name__)


def check_first_cluster(name: str, token: str) -> str:
    """See that a hub can begin with a cluster of this name and token, as far as these alone tell; gives the token's id.

    Raises:
        ClusterNameError: The name does not fit the rule.
        BootstrapTokenError: It is no agent token.
    """
    check_name(name)
    identity = token_id(token)
    if not identity or is_key(token):
        raise BootstrapTokenError(
            "the bootstrap token is not an agent token: fwa_, 12 hex digits, _, and 43 letters, digits, - or _"
        )
    return identity


async def add_first_cluster(records: Records, name: str, token: str, now: float) -> None:
    """Add a cluster by this name with this token, unless the token is known; each start may do so again.

    A token that is known stays as it is, whatever became of it or its cluster's name since: revoked is revoked. If the
    cluster is there with other tokens, this one is added to them. A cluster that was removed comes back.

    Args:
        records: Where clusters are kept.
        name: The cluster's name.
        token: Its agent's token, ``fwa_<12 hex digits>_<43 letters, digits, - or _>``.
        now: Seconds since the epoch.

    Raises:
        ClusterNameError: The name does not fit the rule.
        BootstrapTokenError: It is no such token, or its id belongs to another token.
    """
    identity = check_first_cluster(name, token)
    row = {"id": identity, "cluster": name, "digest": secrets.digest(token), "created_at": now}
    async with records.begin() as connection:
        digest = await connection.scalar(sa.select(tokens.c.digest).where(tokens.c.id == identity))
        if digest is not None:
            if not secrets.matches(token, digest):
                raise BootstrapTokenError(
                    f"the id {identity} of the bootstrap token is another token's: make a new one"
                )
            return
        if await find_cluster(connection, name) is None:
            await connection.execute(sa.insert(clusters).values(name=name, created_at=now))
        await connection.execute(sa.insert(tokens).values(row))
    _log.info("cluster to begin with", cluster=name, token=identity)
