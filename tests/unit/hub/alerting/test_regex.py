from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.regex import LONGEST_REMEMBERED, REMEMBERED, Regex


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("", [""], ["a"]),
        ("a|ab|", ["a", "ab", ""], ["abc"]),
        ("foo.*", ["foo", "foobär"], ["foo\nbar", "xfoo"]),
        ("(?i)Prod", ["prod", "PROD"], ["prd"]),
        (r"\pL[[:digit:]]\z", ["é1"], ["éé"]),
        ("a$", ["a"], ["a\n"]),
    ],
)
def test_it_is_gos_syntax_and_matches_the_whole_text(pattern: str, yes: list[str], no: list[str]) -> None:
    regex = Regex(pattern)
    assert [text for text in yes + no if regex.matches(text)] == yes


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(", r"missing \)"),
        ("a)(b", "unexpected"),
        ("[a", r"missing \]"),
        ("*a", "no argument for repetition"),
        ("a{1001}", "invalid repetition size"),
        ("(?=a)", "invalid perl operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("(" * 5_000, "missing"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(
    pattern: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=expected) as caught:
        Regex(pattern)
    assert len(str(caught.value)) <= 200
    assert capfd.readouterr().err == ""


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(pattern: str) -> None:
    try:
        Regex(pattern).matches(pattern)
    except ValueError:
        return


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+b", "(.*)+(.*)+x"])
def test_no_expression_runs_away(pattern: str) -> None:
    # A backtracking matcher would not come to an end within the life of the sun.
    assert not Regex(pattern).matches("a" * 5_000)


def test_what_is_remembered_of_texts_is_right_and_bounded() -> None:
    regex = Regex("a.*")
    for _ in range(2):
        for number in range(1_000):
            assert regex.matches(f"a{number}")
            assert not regex.matches(f"b{number}")
    assert len(regex._known) <= REMEMBERED
    assert regex.matches("a" * 100_000)
    assert not any(len(text) > LONGEST_REMEMBERED for text in regex._known)


PATTERNS = st.one_of(
    st.sampled_from(
        [
            "", ".*b", "a|", "a$|^b", "[^a]*", r"\s*", r"a\nb", r"\Aa", r"a\z", "(?s).*", "(?i)A.*", r"\C+", r"\Qa.b\E", r"\Qa", r"\bab\b",
            "(a)|(b)", "((((a{10}){10}){10})*)",
        ]
    ),
    st.text("ab.*+?|()[]^$\\nsQE", max_size=12),
)  # fmt: skip


@given(PATTERNS, st.sets(st.text("aAb .\n\r\u2028ä", max_size=6), max_size=12))
def test_of_many_texts_those_are_chosen_that_match_alone(pattern: str, texts: set[str]) -> None:
    try:
        regex = Regex(pattern)
    except ValueError:
        return
    assert regex.choose(texts) == {text for text in texts if regex.matches(text)}


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+b", "(.*)+(.*)+x", "[^x]*"])
def test_no_expression_runs_away_through_many_texts(pattern: str) -> None:
    texts = {"a" * length for length in range(1_000)}
    assert Regex(pattern).choose(texts) == (texts if pattern == "[^x]*" else set())
