from farwatch.sim.engine.timers import FastClock, ManualClock, Timers


def test_what_is_due_first_goes_first_and_of_equals_the_first_set() -> None:
    clock = ManualClock(100.0)
    timers = Timers(clock)
    done: list[str] = []
    for delay, name in ((2.0, "c"), (1.0, "a"), (1.0, "b")):
        timers.after(delay, lambda name=name: done.append(name))  # type: ignore[misc]

    assert timers.pop_due() is None
    clock.move_to(102.0)
    while action := timers.pop_due():
        action()

    assert done == ["a", "b", "c"]
    assert timers.next_due() is None


def test_a_cancelled_timer_does_not_happen() -> None:
    clock = ManualClock(0.0)
    timers = Timers(clock)
    first = timers.after(1.0, lambda: None)
    timers.after(5.0, lambda: None)

    first.cancel()

    assert timers.next_due() == 5.0


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(10.0)
    clock.move_to(5.0)

    assert clock() == 10.0


def test_a_fast_clock_multiplies_what_passes() -> None:
    source = ManualClock(1000.0)
    clock = FastClock(source, speed=10.0)
    source.move_to(1006.0)

    assert clock() == 1060.0
    assert clock.real_delay(1080.0) == 2.0
    assert clock.real_delay(1000.0) == 0.0
