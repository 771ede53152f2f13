"""How Events are counted, combined and forgotten."""

from typing import Any

Lab = Any  # of conftest.py, which tests cannot import


def about(lab: Lab) -> dict[str, Any]:
    lab.deploy("web", 0)
    return lab.get("deployments", "web")


def events(lab: Lab, reason: str) -> list[dict[str, Any]]:
    return [each for each in lab.store.list("events", "shop") if each["reason"] == reason]


def test_the_same_message_is_counted_on_one_event(lab: Lab) -> None:
    document = about(lab)
    for _ in range(3):
        lab.engine.world.events.warn(document, "tester", "Odd", "it is odd")
        lab.advance(10)

    (event,) = events(lab, "Odd")
    assert event["count"] == 3
    assert event["type"] == "Warning"
    assert event["lastTimestamp"] > event["firstTimestamp"]


def test_from_the_tenth_message_on_they_are_combined(lab: Lab) -> None:
    document = about(lab)
    for number in range(12):
        lab.engine.world.events.normal(document, "tester", "Odd", f"number {number}")

    found = events(lab, "Odd")
    combined = [each for each in found if each["message"].startswith("(combined from similar events): ")]
    assert len(found) == 10
    assert [(each["count"], each["message"].rsplit(" ", 1)[1]) for each in combined] == [(3, "11")]


def test_messages_long_apart_are_not_combined(lab: Lab) -> None:
    document = about(lab)
    for number in range(12):
        lab.engine.world.events.normal(document, "tester", "Odd", f"number {number}")
        lab.advance(700)

    assert not [each for each in lab.store.list("events", "shop") if "combined" in each["message"]]


def test_an_event_is_forgotten_an_hour_after_it_was_last_seen(lab: Lab) -> None:
    document = about(lab)
    lab.engine.world.events.normal(document, "tester", "Odd", "once")
    lab.engine.world.events.normal(document, "tester", "Even", "twice")
    lab.advance(1800)
    lab.engine.world.events.normal(document, "tester", "Even", "twice")
    lab.advance(1900)
    assert events(lab, "Odd") == []
    assert len(events(lab, "Even")) == 1

    lab.advance(1800)
    assert events(lab, "Even") == []


def test_events_about_nodes_live_in_the_default_namespace(lab: Lab) -> None:
    node = lab.store.get("nodes", "", "sim-node-1")
    lab.engine.world.events.normal(node, "kubelet", "NodeReady", "ready", host="sim-node-1")

    (event,) = lab.store.list("events", "default")
    assert event["involvedObject"]["kind"] == "Node"
    assert event["source"] == {"component": "kubelet", "host": "sim-node-1"}
