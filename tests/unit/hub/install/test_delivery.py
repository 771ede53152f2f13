"""A link's secrets, and the text without them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.fleet import make_token
from farwatch.hub.fleet.tokens import token_id
from farwatch.hub.install import RenderError, delivery


def test_a_link_gives_the_same_agent_token_each_time_and_every_link_another() -> None:
    link, other = delivery.make_link_token(), delivery.make_link_token()
    assert delivery.derive_secret(link, "id") == delivery.derive_secret(link, "id")
    assert len({delivery.derive_secret(one, number) for one in (link, other) for number in ("1", "2")}) == 4


def test_a_derived_token_is_of_the_form_that_agents_tokens_have() -> None:
    link = delivery.make_link_token()
    made = make_token(lambda identity: delivery.derive_secret(link, identity))
    assert token_id(made.token) == made.id
    assert len(base64.urlsafe_b64decode(made.token.split("_", 2)[2] + "=")) == 32


def test_only_what_looks_like_a_links_token_is_looked_up() -> None:
    assert delivery.is_link_token(delivery.make_link_token())
    for text in (
        "",
        "fwi_",
        "fwi_" + "x" * 42,
        "fwi_" + "x" * 44,
        "fwa_" + "x" * 43,
        "fwi_" + "x" * 43 + "\n",
    ):
        assert not delivery.is_link_token(text)


TOKEN = "fwa_0123456789ab_" + "Ab-_" * 10 + "abc"


@given(
    st.lists(
        st.sampled_from([TOKEN, base64.b64encode(TOKEN.encode()).decode(), "a: b\n", "", "é"]), min_size=1
    )
)
def test_a_masked_text_holds_no_token_and_is_whole_again_when_it_is_filled_in(parts: list[str]) -> None:
    text = "\n".join(parts)
    if TOKEN not in text and base64.b64encode(TOKEN.encode()).decode() not in text:
        return
    masked = delivery.mask(text, TOKEN)
    assert TOKEN not in masked
    assert base64.b64encode(TOKEN.encode()).decode() not in masked
    assert delivery.unmask(masked, TOKEN) == text


def test_a_text_without_the_token_is_not_what_the_chart_is_to_make() -> None:
    with pytest.raises(RenderError, match="token is not in what the chart made"):
        delivery.mask("kind: Namespace\n", TOKEN)


@pytest.mark.parametrize("mask", [delivery.MASK, delivery.MASK_BASE64])
def test_nobody_gets_the_token_to_another_place_by_writing_the_mask_there(mask: str) -> None:
    with pytest.raises(RenderError, match="holds the mask"):
        delivery.mask(f"token: {TOKEN}\nannotation: {mask}\n", TOKEN)


def test_the_checksum_is_what_sha256sum_says() -> None:
    assert delivery.checksum("é\n") == hashlib.sha256("é\n".encode()).hexdigest()
