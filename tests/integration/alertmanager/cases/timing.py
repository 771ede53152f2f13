"""When people are told: waits, repeats, ends."""

from __future__ import annotations

from ..scenario import fire, resolve, scenario, webhook

SCENARIOS = [
    scenario("told-at-once", group_wait=0).at(0, fire("a")).at(1, fire("b")).until(6),
    scenario("told-after-a-long-wait", group_wait=5).at(0, fire("a")).at(3, fire("b")).until(8),
    scenario("old-alerts-do-not-wait", group_wait=6).at(0, fire("a", starts=-100)).until(8),
    scenario(
        "an-old-alert-joins-a-waiting-group",
        group_wait=6,
        differs="Alertmanager of old flushes a waiting group at once when any old alert joins it",
        before=(0, 30, 0),
    )
    .at(0, fire("a"))
    .at(2, fire("b", starts=-100))
    .until(9),
    scenario("repeated-while-nothing-changes", repeat_interval=3).at(0, fire("a")).until(14),
    scenario("repeated-after-a-change", repeat_interval=5)
    .at(0, fire("a"))
    .at(4, fire("b"))
    .at(8, resolve("b"))
    .until(16),
    scenario("repeated-no-faster-than-the-group", repeat_interval=1).at(0, fire("a")).until(8),
    scenario("sent-again-unchanged").at(0, fire("a")).at(2, fire("a")).at(4, fire("a")).until(8),
    scenario("annotations-change", repeat_interval=5)
    .at(0, fire("a", annotations={"summary": "one"}))
    .at(4, fire("a", annotations={"summary": "two"}))
    .until(10),
    scenario("resolved").at(0, fire("a")).at(4, resolve("a")).until(10),
    scenario("resolved-is-not-sent", receivers=[webhook(send_resolved=False)])
    .at(0, fire("a"))
    .at(4, resolve("a"))
    .at(6, fire("b"))
    .until(10),
    scenario("one-of-two-resolved")
    .at(0, fire("a"), fire("b"))
    .at(4, resolve("a"))
    .at(8, resolve("b"))
    .until(12),
    scenario("one-of-two-resolved-is-not-sent", receivers=[webhook(send_resolved=False)])
    .at(0, fire("a"), fire("b"))
    .at(4, resolve("a"))
    .at(8, fire("c"))
    .until(12),
    scenario("comes-and-goes-within-the-wait", group_wait=3).at(0, fire("a")).at(1, resolve("a")).until(8),
    scenario("comes-and-goes-between-flushes")
    .at(0, fire("a"))
    .at(3.6, fire("b"))
    .at(4.2, resolve("b"))
    .until(10),
    scenario("goes-and-comes-between-flushes")
    .at(0, fire("a"), fire("b"))
    .at(3.6, resolve("b"))
    .at(4.2, fire("b"))
    .until(10),
    scenario("fires-anew-after-its-end", group_interval=4)
    .at(0, fire("a"), fire("other"))
    .at(3, resolve("a"))
    .at(7, fire("a"))
    .until(14),
    scenario(
        "fires-anew-in-an-empty-group",
        group_wait=1,
        group_interval=6,
        differs="Alertmanager of old keeps an empty group for up to 30 s, with its timer",
        before=(0, 32, 0),
        at_times=True,  # every 30 s, empty groups go
    )
    .at(0, fire("a"))
    .at(4, resolve("a"))
    .at(8, fire("a"))
    .until(16),
    scenario("resolved-twice").at(0, fire("a")).at(4, resolve("a")).at(6, resolve("a")).until(10),
    scenario("resolved-without-having-fired").at(0, resolve("a")).until(6),
    scenario("ends-by-its-own-time").at(0, fire("a", ends=4)).until(10),
    scenario("its-end-is-put-off").at(0, fire("a", ends=4)).at(2, fire("a", ends=8)).until(12),
    scenario("its-end-is-brought-forward").at(0, fire("a", ends=20)).at(2, fire("a", ends=4)).until(10),
    scenario("its-end-is-long-past").at(0, fire("a", starts=-50, ends=-40)).until(6),
    scenario("begins-in-the-future").at(0, fire("a", starts=6, ends=20)).until(8),
    scenario("the-earliest-beginning-stays", repeat_interval=3)
    .at(0, fire("a", starts=-0.6, ends=50))
    .at(2, fire("a", starts=-0.3, ends=50))
    .at(6, fire("a", starts=-5, ends=50))
    .until(12),
    scenario("begins-anew-right-after-its-end", repeat_interval=3)
    .at(0, fire("a", starts=-0.5, ends=3))
    .at(4, fire("a", starts=3.5, ends=50))
    .until(10),
]

FORGETFUL = [
    # Where resolve_timeout is six units.
    scenario("ends-unless-sent-again").at(0, fire("a"), fire("b")).at(4, fire("b")).until(14),
    scenario("an-end-that-was-told-stands-against-the-timeout")
    .at(0, fire("a", ends=12))
    .at(2, fire("a"))
    .until(16),
    scenario("an-end-that-was-told-is-put-off-by-the-timeout")
    .at(0, fire("a", ends=4))
    .at(2, fire("a"))
    .until(12),
    scenario("an-end-that-is-told-shortens-the-timeout").at(0, fire("a")).at(2, fire("a", ends=4)).until(10),
    scenario("fires-anew-after-its-timeout", group_interval=4)
    .at(0, fire("a"), fire("b", ends=50))
    .at(8, fire("a"))
    .until(16),
    scenario("resolved-before-its-timeout").at(0, fire("a")).at(4, resolve("a")).until(12),
    scenario("a-beginning-in-the-past-does-not-shorten-the-timeout").at(0, fire("a", starts=-20)).until(10),
]
