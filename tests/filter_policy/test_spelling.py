"""Words are found however they are spelt, and not inside other words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.spelling import fold, is_said, readings_of, spelt


def says(words: str, text: str) -> bool:
    return any(is_said(spelt(words), each) for each in readings_of(fold(text)))


@pytest.mark.parametrize(
    "text",
    [
        "HOW to Make a BOMB",
        "make   a\u200b bo\u00admb",
        "make a b0mb",
        "m4k3 @ b0mb",
        "make a b.o.m.b",
        "m-a-k-e a bomb",
        "m a k e a b o m b",
        "makeabomb",
        "make_a_bomb",
        "mákè ä bömb",
        "mаkе а bоmb",
        "ｍａｋｅ ａ ｂｏｍｂ",
        "make a boooomb",
        "(make a bomb)?",
        "make a bomb!",
        "cab make a b o o m b",
    ],
)
def test_other_spellings_are_looked_through(text: str) -> None:
    assert says("make a bomb", text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("sex", "essex"),
        ("ass", "class"),
        ("make a bomb", "make a bombardment"),
        ("make a bomb", "remake a bomb"),
        ("bomb", "bombs!"),
        ("sex", "(tsex)"),
        ("make a bomb", "bomb make a"),
        ("anal", "an al qaeda"),
        ("kill", "kil"),
        ("boob", "bob"),
        ("c4", "los angeles ca"),
        ("c4", "route 5 in ca"),
        ("drug", "dr ug"),
    ],
)
def test_other_words_are_not_taken_for_them(words: str, text: str) -> None:
    assert not says(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("sex", "$3x"),
        ("kill", "k!ll"),
        ("kill", "ki11"),
        ("c4", "buy C4"),
        ("bomb", "cab bomb b"),
        ("bomb", "xbomb bomb bombx"),
        ("c", "abc c"),
        ("big gun", "biggun"),
        ("drugged", "d r u g g e d"),
        ("爆弾", "爆 弾"),
    ],
)
def test_short_words_are_found_as_well(words: str, text: str) -> None:
    assert says(words, text)


def test_marks_that_nobody_sees_and_accents_are_no_part_of_a_word() -> None:
    assert fold("ma\u0301ke  a\u200b bo\u20ddmb\x01 \u3164\u00c9") == "make a bomb e"


@given(
    st.text(st.characters(categories=["L", "N", "Zs", "P"]), min_size=2, max_size=20), st.text(max_size=20)
)
def test_words_are_found_as_they_stand(words: str, around: str) -> None:
    folded = fold(words)
    if any(each.isalnum() for each in folded):
        assert says(words, f"{around} {words} {around}")


def test_nobody_keeps_us_busy_with_a_text() -> None:
    text = "xkillingx k" + "|" * 4000
    begun = time.thread_time()
    assert not says("killing", text)
    assert time.thread_time() - begun < 0.5
