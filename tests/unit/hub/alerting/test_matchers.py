from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator

PAIRS = [
    # As pkg/labels/parse_test.go and matcher/parse/parse_test.go upstream have them.
    ("", "{}"),
    ("{}", "{}"),
    ("{foo='}", '{foo="\'"}'),
    ('{foo=\\"}', '{foo="\\""}'),
    ("{foo=bar}", '{foo="bar"}'),
    ("{foo=~bar.*}", '{foo=~"bar.*"}'),
    ('{foo!~"bar.*"}', '{foo!~"bar.*"}'),
    ('{foo="bar",baz!~".*quux", derp="wat"}', '{foo="bar",baz!~".*quux",derp="wat"}'),
    ('{foo="bar,quux", job="job1"}', '{foo="bar,quux",job="job1"}'),
    ('{foo = "bar", dings != "bums", }', '{foo="bar",dings!="bums"}'),
    ("foo=bar,dings!=bums", '{foo="bar",dings!="bums"}'),
    ('{quote="She said: \\"Hi, ladies!\\""}', '{quote="She said: \\"Hi, ladies!\\""}'),
    ("tricky=~~~", '{tricky=~"~~"}'),
    (r"trickier==\\=\=\"", r'{trickier="=\\=\\=\""}'),
    (
        'contains_quote != "\\"" , contains_comma !~ "foo,bar" , ',
        '{contains_quote!="\\"",contains_comma!~"foo,bar"}',
    ),
    ("{foo=bar}}", '{foo="bar}"}'),
    ("{foo=,bar=}}", '{foo="",bar="}"}'),
    (r"{foo=bar\t}", r'{foo="bar\\t"}'),
    (r"{foo=bar\n}", r'{foo="bar\n"}'),
    ("{foo=bar\\}", r'{foo="bar\\"}'),
    ("job=", '{job=""}'),
    ("{foo=}b", '{foo="}b"}'),
    ('{"foo"="bar"}', '{foo="bar"}'),
    ('"foo bar"=~"a|b"', '{"foo bar"=~"a|b"}'),
    ("foo🙂=bar", '{foo🙂="bar"}'),
    ('{"f\\u00e9\\n"="x",}', '{"fé\\n"="x"}'),
    ('invalid-name = "valid label"', '{invalid-name="valid label"}'),
]


@pytest.mark.parametrize(("text", "expected"), PAIRS)
def test_both_syntaxes_are_read_as_upstream_reads_them(text: str, expected: str) -> None:
    assert str(Matchers.parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        ",",
        "{,}",
        "foo",
        "foo bar",
        "=bar",
        'job="value',
        'job=value"',
        'contains_unescaped_quote = foo"bar',
        'foo="a"\\n',
        '"{foo=\\"bar"}',
        '"foo=\\"bar\\""',
        '"foo"="bar" "baz"="x"',
        '{"foo"="bar"',
        '"foo"="bar"}',
        '"foo"="bar",,"a"="b"',
        '{"foo"="\\q"}',
        '{foo="a\\,",bar="b"}',
        "`a`=b",
    ],
)
def test_what_is_no_matcher_is_refused_and_told_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"matcher|brace|comma|quotes|escaped"):
        Matchers.parse(text)


@pytest.mark.parametrize("text", ['foo=~"invalid[regexp"', '"föö bar"!~"("'])
def test_a_wrong_expression_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression: missing"):
        Matchers.parse(text)


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("a=b", [{"a": "b"}], [{"a": "c"}, {}]),
        ("a!=b", [{"a": "c"}, {}], [{"a": "b"}]),
        ("a=~b.*", [{"a": "bc"}], [{"a": "abc"}, {}]),
        ("a!~b.*", [{"a": "abc"}, {}], [{"a": "bc"}]),
        ('a=""', [{}, {"a": ""}], [{"a": "b"}]),
        ("a=b,c=~d|e", [{"a": "b", "c": "e"}], [{"a": "b"}, {"c": "e"}, {"a": "b", "c": "de"}]),
        ("{}", [{}, {"a": "b"}], []),
    ],
)
def test_a_missing_label_counts_as_empty_and_expressions_match_the_whole(
    text: str, matching: list[dict[str, str]], other: list[dict[str, str]]
) -> None:
    matchers = Matchers.parse(text)
    assert [labels for labels in matching + other if matchers.match(labels)] == matching


def test_matchers_are_ordered_as_upstream_orders_them() -> None:
    texts = ["b=a", "a=~a", "a=b", "a!~a", "a=a", "a!=a"]
    ordered = sorted(matcher for text in texts for matcher in Matchers.parse(text))
    assert str(Matchers(ordered)) == '{a="a",a!="a",a=~"a",a!~"a",a="b",b="a"}'


@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]), st.text()),
        max_size=4,
    )
)
def test_what_is_written_is_read_back(parts: list[tuple[str, Operator, str]]) -> None:
    matchers = Matchers(Matcher(*part) for part in parts)
    assert Matchers.parse(str(matchers)) == matchers


@given(st.text() | st.text('{}=!~,"\\ ab\n'))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        matchers = Matchers.parse(text)
    except ValueError:
        return
    assert Matchers.parse(str(matchers)) == matchers


def test_blanks_within_a_value_cost_no_more_than_other_characters() -> None:
    blanks = " " * 1_000_000  # at a cost that is quadratic, this test would not end
    assert Matcher.parse(f"a = {blanks}x{blanks}y{blanks}").value == f"x{blanks}y"
