"""Organisation keys: one secret for many clusters, each of which registers itself by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.auth import secrets
from farwatch.hub.fleet.errors import KeyNotFoundError, KeyPatternError
from farwatch.hub.fleet.labels import check_labels
from farwatch.hub.fleet.records import (
    MAX_NAME_LENGTH,
    organisation_keys,
    write_labels,
)
from farwatch.hub.fleet.tokens import KEY_PREFIX, make_id
from farwatch.hub.store.records import Records
from farwatch.hub.times import to_time, to_time_or_none

ANY_NAME = "*"
"""The pattern that every cluster's name fits."""

_PATTERN = re.compile(r"[-a-z0-9*?]+")


class OrganisationKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What may be shown of an organisation key. Times are UTC.

    Attributes:
        id: The public part of the key, ``fwo_<id>_...``.
        name: What it is for.
        cluster_names: A pattern, with ``*`` and ``?``, of the names of clusters it may speak for.
        labels: What clusters that it registers are given.
        created_at: When it was made.
        revoked_at: When it was revoked; None while it is valid.
        last_used_at: When an agent last presented it, to about a minute.
    """

    id: str
    name: str
    cluster_names: str
    created_at: datetime
    labels: dict[str, str] = {}
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def fits(self, cluster: str) -> bool:
        """Whether it may speak for a cluster of this name."""
        return fnmatchcase(cluster, self.cluster_names)


class IssuedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key, with its secret, which is nowhere else: show it once."""

    key: OrganisationKey
    secret: str


class OrganisationKeys:
    """The organisation keys in the records."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock

    async def create(
        self, name: str, *, cluster_names: str = ANY_NAME, labels: Mapping[str, str] | None = None
    ) -> IssuedKey:
        """Make a key.

        Args:
            name: What it is for.
            cluster_names: A pattern of the names of clusters it may speak for.
            labels: What clusters that it registers are given.

        Raises:
            KeyPatternError: No cluster's name fits such a pattern.
            ClusterLabelError: A cluster cannot have such labels.
        """
        _check_pattern(cluster_names)
        identity = make_id()
        secret = secrets.mint(f"{KEY_PREFIX}_{identity}")
        key = OrganisationKey(
            id=identity,
            name=name,
            cluster_names=cluster_names,
            labels=check_labels(labels or {}),
            created_at=to_time(self._clock()),
        )
        async with self._records.begin() as connection:
            await connection.execute(
                sa.insert(organisation_keys).values(
                    id=key.id,
                    name=key.name,
                    digest=secrets.digest(secret),
                    cluster_names=key.cluster_names,
                    labels=write_labels(key.labels),
                    created_at=key.created_at.timestamp(),
                )
            )
        return IssuedKey(key=key, secret=secret)

    async def list(self) -> list[OrganisationKey]:
        """Every key, newest first, the revoked ones as well."""
        newest_first = sa.select(organisation_keys).order_by(
            organisation_keys.c.created_at.desc(), organisation_keys.c.id
        )
        async with self._records.read() as connection:
            return [to_key(row) for row in (await connection.execute(newest_first)).mappings()]

    async def revoke(self, key_id: str) -> None:
        """Make a key worthless at once. Revoking it again changes nothing.

        Raises:
            KeyNotFoundError: There is no such key.
        """
        this = organisation_keys.c.id == key_id
        async with self._records.begin() as connection:
            if not (await connection.execute(sa.select(organisation_keys.c.id).where(this))).first():
                raise KeyNotFoundError(
                    f"there is no organisation key {key_id[:40]!r}: 'farwatch cluster keys list' names them all"
                )
            await connection.execute(
                sa.update(organisation_keys)
                .where(this, organisation_keys.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )


def to_key(row: Mapping[Any, Any]) -> OrganisationKey:
    """What a row says."""
    return OrganisationKey(
        id=row["id"],
        name=row["name"],
        cluster_names=row["cluster_names"],
        labels=msgspec.json.decode(row["labels"], type=dict[str, str]),
        created_at=to_time(row["created_at"]),
        revoked_at=to_time_or_none(row["revoked_at"]),
        last_used_at=to_time_or_none(row["last_used_at"]),
    )


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_NAME_LENGTH or not _PATTERN.fullmatch(pattern):
        raise KeyPatternError(
            f"{pattern[:80]!r} fits no cluster's name: use at most {MAX_NAME_LENGTH} lower case letters, digits and '-', "
            "with '*' for any characters and '?' for one"
        )
