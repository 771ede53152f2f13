from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.evidence import EffectKind, Note
from farwatch.hub.evidence.effects import Effect
from farwatch.hub.evidence.scope import ObjectRef
from farwatch.hub.inventory import Rows
from farwatch.hub.overview.activity import LOOKBACK_SECONDS, MOST_CLUSTERS_NAMED, Seen, rank_happenings

NOW = 1_795_000_000.0


def seen(
    name: str,
    effect: EffectKind = EffectKind.ROLLOUT,
    *,
    ago: float = 60,
    cluster: str = "prod",
    namespace: str = "shop",
    words: str = "image of app web:1 → web:2",
) -> Seen:
    ref = ObjectRef("Deployment", namespace, name)
    return Seen(cluster, Note(NOW - ago, ref, Effect(effect, words), after_gap=False))


def rank(*notes: Seen, **rest: Any) -> list[Any]:
    return rank_happenings(notes, Rows(), rest.get("sees"), NOW, rest.get("limit", 50))


def test_a_rollout_comes_before_what_breaks_less_often() -> None:
    found = rank(seen("a", EffectKind.CORDON), seen("b", EffectKind.ROLLOUT), seen("c", EffectKind.SCALE))
    assert [line.name for line in found] == ["b", "c", "a"]


def test_what_happened_long_ago_weighs_less() -> None:
    found = rank(seen("old", EffectKind.ROLLOUT, ago=4 * 3600), seen("new", EffectKind.SCALE, ago=60))
    assert [line.name for line in found] == ["new", "old"]


def test_a_rollout_over_the_fleet_is_one_line() -> None:
    (line,) = rank(*(seen("web", cluster=f"c{number:02d}", ago=100 - number) for number in range(30)))
    assert (line.cluster_count, line.times) == (30, 30)
    assert line.clusters == [f"c{number:02d}" for number in range(29, 29 - MOST_CLUSTERS_NAMED, -1)]
    assert line.first_time < line.time


def test_what_is_written_again_and_again_is_one_line_with_its_latest_words() -> None:
    (line,) = rank(
        *(seen("lock", EffectKind.CONTENT, ago=60 * number, words=f"w{number}") for number in (3, 1, 2))
    )
    assert (line.times, line.words) == (3, "w1")


def test_what_may_not_be_seen_is_not_told() -> None:
    found = rank(seen("a"), seen("b", namespace="secret"), sees=lambda _, namespace: namespace == "shop")
    assert [line.name for line in found] == ["a"]


@given(
    st.lists(
        st.builds(
            seen,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(list(EffectKind)),
            ago=st.floats(-100, 2 * LOOKBACK_SECONDS),
            cluster=st.sampled_from(["prod", "dev"]),
        )
    ),
    st.integers(0, 5),
)
def test_each_note_of_the_last_hours_is_in_one_line(notes: list[Seen], limit: int) -> None:
    whole = rank(*notes)
    recent = [one for one in notes if one.note.time > NOW - LOOKBACK_SECONDS]
    assert sum(line.times for line in whole) == len(recent)
    assert len({(line.kind, line.namespace, line.name, line.effect) for line in whole}) == len(whole)
    assert rank(*notes, limit=limit) == whole[:limit]
