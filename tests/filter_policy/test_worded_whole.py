"""Two policies that differ in every part: each difference is told, in its order, word for word, both ways."""

from pathlib import Path

import pytest
import yaml

from filter_policy.parse import parse_policy
from filter_policy.worded import worded
from tests.builders import POLICY

HERE = Path(__file__).parent
OTHER = (HERE / "another_policy.yaml").read_text(encoding="utf-8")
TEXTS = yaml.safe_load((HERE / "worded_texts.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("way", "old", "new"), [("there", POLICY, OTHER), ("back", OTHER, POLICY)])
def test_every_difference_is_told_as_a_person_reads_it(way: str, old: str, new: str) -> None:
    told = worded(parse_policy(old), parse_policy(new))

    assert [f"{each.section} | {each.says}" for each in told] == TEXTS[way]


def test_what_stays_and_only_changes_a_word_is_told_once() -> None:
    games = "games section of an allowed site"
    told = worded(parse_policy(OTHER), parse_policy(OTHER.replace(games, "no games")))

    assert [each.says for each in told] == [
        f"site allowed.example/games: block for pupils ({games}) -> block for pupils (no games)"
    ]
