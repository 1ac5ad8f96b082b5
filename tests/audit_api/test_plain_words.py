"""Words of every day can be told from names: each is one plain word in small letters."""

from audit_api.plain_words import PLAIN_WORDS
from change_control.naming import words_of


def test_each_plain_word_is_one_word_as_names_are_compared() -> None:
    assert {word for word in PLAIN_WORDS if words_of(word) != (word,)} == set()


def test_what_sentences_need_is_a_plain_word() -> None:
    assert {"may", "will", "brown", "an", "to", "do"} <= PLAIN_WORDS
    assert not {"ben", "archer", "anna"} & PLAIN_WORDS
