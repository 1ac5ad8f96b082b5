"""Changes to the deciding part are noticed by its tests: a share of them here, all in `make torture`."""

import os
import sys

import pytest

from tests.conftest import ROUNDS
from tests.mutation.sampling import Part, Score, a_copy, measured

SEED = 20261122
BAR = 0.90
# In CI: few, of the two modules that answer, held against the tests of these alone. So few can tell a hole
# from none, and not 89 % from 91 %.
FEW, FEW_BAR = 20, 0.80
ABOUT = ("decide", "looked_at", "explain", "judge", "judge_whole", "carried", "shapes", "terms")
TESTS = tuple(f"tests/filter_policy/test_{name}.py" for name in ABOUT)
ANSWERING = Part(("decide", "judge"), TESTS)


def fates(killed: int, survived: int) -> Score:
    whole = {f"filter_policy.decide.x_a__mutmut_{n}": "killed" for n in range(killed)}
    return Score(whole | {f"filter_policy.judge.x_b__mutmut_{n}": "survived" for n in range(survived)})


def test_what_nobody_noticed_is_told_by_name() -> None:
    assert list(fates(2, 1).lines()) == [
        "decide                  2 of    2 noticed",
        "judge                   0 of    1 noticed",
        "2 of 3 changes noticed, 66.7 % (20.8 to 93.9)",
        "not noticed: filter_policy.judge.x_b__mutmut_0: survived",
    ]


@pytest.mark.parametrize("fate", ["no tests", "suspicious", "segfault", "not checked", "skipped"])
def test_whatever_was_not_caught_counts_as_not_noticed(fate: str) -> None:
    assert Score({"filter_policy.decide.x_a__mutmut_1": fate}).noticed == 0


def test_the_interval_is_narrower_the_more_were_drawn() -> None:
    few, many = fates(18, 2).interval, fates(1800, 200).interval
    assert few[0] < many[0] < 0.9 < many[1] < few[1]


def test_the_copy_is_whole_and_is_gone_afterwards() -> None:
    with a_copy(ANSWERING) as copy:
        assert (copy / "filter_policy/decide.py").is_file()
        assert 'only_mutate = ["filter_policy/decide.py", "filter_policy/judge.py"]'.replace('"', "'") in (
            copy / "pyproject.toml"
        ).read_text(encoding="utf-8")
    assert not copy.parent.exists()


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_a_change_to_how_it_decides_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    many = int(os.environ.get(ROUNDS, "0"))
    score = (
        measured(many, SEED, Part(), longest=7000) if many else measured(FEW, SEED, ANSWERING, longest=600)
    )
    with capsys.disabled():
        if many:
            sys.stdout.write("\n" + "\n".join(score.lines()) + "\n")
    assert score.share >= (BAR if many else FEW_BAR), "\n".join(score.lines())
