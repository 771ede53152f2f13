"""Sign-ins that were begun: each in a cookie that nobody can forge, worth something once."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.auth.oidc.attempts import LIFETIME_SECONDS, Attempts, cookie_of, plain_page


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_one_comes_back_once_and_in_time() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    attempt, cookie = attempts.begin("acme", "/alerts")
    assert attempts.take("other", attempt.state, cookie) is None
    assert attempts.take("acme", "another", cookie) is None
    assert attempts.take("acme", attempt.state, cookie) == attempt
    assert attempts.take("acme", attempt.state, cookie) is None
    late, cookie = attempts.begin("acme", "/")
    clock.now += LIFETIME_SECONDS
    assert attempts.take("acme", late.state, cookie) is None


def test_what_was_taken_is_remembered_no_longer_than_it_could_be_taken() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(50):
        attempt, cookie = attempts.begin("acme", "/")
        assert attempts.take("acme", attempt.state, cookie)
        clock.now += LIFETIME_SECONDS / 5
    assert len(attempts._used) <= 6


def test_another_hub_takes_none_of_them() -> None:
    attempt, cookie = Attempts(Clock()).begin("acme", "/")
    assert Attempts(Clock()).take("acme", attempt.state, cookie) is None


@given(st.data())
def test_no_cookie_that_was_changed_is_taken(data: st.DataObject) -> None:
    attempts = Attempts(Clock())
    attempt, cookie = attempts.begin("acme", "/")
    place = data.draw(st.integers(0, len(cookie) - 1))
    other = data.draw(st.characters().filter(lambda character: character != cookie[place]))
    assert attempts.take("acme", attempt.state, cookie[:place] + other + cookie[place + 1 :]) is None


@given(st.text(), st.text())
def test_no_text_at_all_is_taken_for_one(state: str, cookie: str) -> None:
    assert Attempts(Clock()).take("acme", state, cookie) is None
    assert cookie_of(state).startswith("farwatch_sso_")


@given(st.text(alphabet="/\\.:@hub evil\t\r\n?#%", max_size=20))
def test_a_page_is_always_one_of_the_hub(page: str) -> None:
    assert urlsplit(urljoin("https://hub.example/login", plain_page(page))).netloc == "hub.example"
