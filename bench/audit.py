"""What the audit log costs: acts written down each second, and entries verified, listed and searched.

python bench/audit.py [--entries 50000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from farwatch.hub.audit import Action, Actor, ActorKind, Audit, Source, Target
from farwatch.hub.audit.entries import Event
from farwatch.hub.audit.offline import verify_database
from farwatch.hub.audit.query import AuditQuery, find_page
from farwatch.hub.store import DataDirectory, Records

ACTS = 500
BATCH = 2_000


def make_event(number: int) -> Event:
    return Event(
        action=Action.SILENCE_CREATE,
        actor=Actor(
            kind=ActorKind.USER, id=f"u{number % 20}", name=f"user-{number % 20}", session="0123456789ab"
        ),
        source=Source(address="192.0.2.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        target=Target(kind="silence", id=f"{number:032x}", cluster=f"prod-{number % 50}"),
        status=201,
        permission="silences.write",
        request=f"{number:016x}",
        details={
            "matchers": f'cluster="prod-{number % 50}",alertname="KubePodCrashLooping"',
            "comment": "upgrade",
        },
    )


async def act(audit: Audit, number: int) -> None:
    """As a request does: the intent, then the entry."""
    event = make_event(number)
    await audit.settle(event, await audit.intend(event))


async def measure(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of CPU."""
    started = time.process_time()
    await work()
    return 1000 * (time.process_time() - started)


async def run(count: int, folder: Path) -> dict[str, float]:
    directory = DataDirectory.claim(folder)
    records = await Records.open(directory)
    audit = Audit(records, time.time)
    await audit.start()

    async def one_by_one() -> None:
        for number in range(ACTS):
            await act(audit, number)

    async def at_once() -> None:
        await asyncio.gather(*(act(audit, number) for number in range(ACTS)))

    alone, together = await measure(one_by_one), await measure(at_once)
    for start in range(2 * ACTS, count, BATCH):
        await asyncio.gather(*(audit.settle(make_event(number)) for number in range(start, start + BATCH)))
    found = {
        "act_ms": alone / ACTS,
        "act_of_many_at_once_ms": together / ACTS,
        "list_100_ms": await measure(lambda: find_page(audit, AuditQuery(), 100)),
        "filter_100_ms": await measure(lambda: find_page(audit, AuditQuery(cluster="prod-7"), 100)),
        "search_all_in_vain_ms": await measure(lambda: find_page(audit, AuditQuery(text="zzz"), 100)),
        "verify_1000_entries_ms": 1000 * await measure(lambda: verify_database(folder)) / audit.head.sequence,
        "bytes_per_entry": (folder / "records.db").stat().st_size / audit.head.sequence,
    }
    await audit.stop()
    await records.close()
    directory.release()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(count, Path(folder) / "data"))
    for name, value in found.items():
        print(f"{name:32} {value:12,.2f}")
    print(
        json.dumps(
            {"bench": "audit", "entries": count} | {name: round(value, 2) for name, value in found.items()}
        )
    )


if __name__ == "__main__":
    main()
