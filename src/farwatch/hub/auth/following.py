"""Grants follow the clusters that they name: to a new name of theirs, and to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth.principal import Grant


class Followed(NamedTuple):
    """A grant that is another one now, or none.

    Attributes:
        kind: Who holds it: ``user``, ``team`` or ``token``.
        id: Names who does.
        before: What it was.
        after: What it is; None: it was for a cluster that is no more, and for nothing else.
    """

    kind: str
    id: str
    before: Grant
    after: Grant | None


Write = Callable[[AsyncConnection], Awaitable[None]]
"""Writes what follows, in the transaction in which the cluster gets its name or goes."""


class Changes(NamedTuple):
    """What follows a cluster, and how that is written."""

    followed: list[Followed]
    write: Write


Follower = Callable[[str, str | None], AbstractAsyncContextManager[Changes]]
"""Holds grants, and has them follow a cluster as ``Following.follow`` says."""

Told = Callable[[str, str | None, Sequence[Followed]], Awaitable[None]]
"""Told of a cluster's former name, its new one or None, and of the grants that followed."""


class Following:
    """Keeps grants up with the clusters that they name.

    What is granted for a cluster by its name is meant for that cluster: it goes with it to its new name, and ends with
    it, so that another cluster that takes the name later is not within it.

    Args:
        followers: Who hold grants.
        told: Told afterwards of what has changed, if anything has.
    """

    def __init__(self, followers: Sequence[Follower], told: Told) -> None:
        self._followers = followers
        self._told = told

    @asynccontextmanager
    async def follow(self, old: str, new: str | None) -> AsyncIterator[Write]:
        """Follow a cluster, while nobody else changes what users and teams hold.

        Enter it before the transaction, call what it gives inside, and leave it when that is committed: requests go by
        what follows from then on. With an error, everything stays as it was.

        Args:
            old: The cluster's name.
            new: Its new one; None: it is removed.
        """
        async with AsyncExitStack() as exits:
            all_changes = [await exits.enter_async_context(follow(old, new)) for follow in self._followers]

            async def write(connection: AsyncConnection) -> None:
                for changes in all_changes:
                    await changes.write(connection)

            yield write
        if followed := [each for changes in all_changes for each in changes.followed]:
            await self._told(old, new, followed)
