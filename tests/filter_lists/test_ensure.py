"""The index of the lists as they are configured is there when it is asked for."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from filter_lists.compiler import ListsError
from filter_lists.ensure import ensure_index, is_built_from
from filter_lists.names import parse_url
from filter_lists.orders import Order
from filter_lists.updating import run
from tests.filter_lists.list_server import a_list_server

CONFIG = "lists:\n  bets: {category: gambling, format: plain, source: bets.txt}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "bets.txt").write_text("bet.example\n")
    (tmp_path / "lists.yaml").write_text(CONFIG)
    return tmp_path / "lists.yaml"


def generations(state: Path) -> list[str]:
    return [path.name for path in (state / "lists").iterdir() if path.is_dir()]


def test_the_index_is_compiled_once_and_then_only_opened(config: Path, tmp_path: Path) -> None:
    first = ensure_index(config, tmp_path)
    before = (tmp_path / "lists" / first.generation).stat().st_ino
    assert ensure_index(config, tmp_path).generation == first.generation
    assert generations(tmp_path) == [first.generation]
    assert (tmp_path / "lists" / first.generation).stat().st_ino == before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bets.txt", "bet.example\nodds.example\n"),
        ("lists.yaml", CONFIG.replace("gambling", "games")),
        ("lists.yaml", CONFIG.replace("bets:", "other:")),
    ],
)
def test_another_list_or_category_is_another_index(
    config: Path, tmp_path: Path, file: str, text: str
) -> None:
    old = ensure_index(config, tmp_path).generation
    (tmp_path / file).write_text(text)
    assert ensure_index(config, tmp_path).generation != old
    assert old in generations(tmp_path)


@pytest.mark.parametrize("name", ["names.marisa", "classes.bin", "manifest.json"])
def test_a_damaged_index_is_built_anew(config: Path, tmp_path: Path, name: str) -> None:
    old = ensure_index(config, tmp_path).generation
    (tmp_path / "lists" / old / name).write_bytes(b"damaged")
    index = ensure_index(config, tmp_path)
    assert index.generation == old
    assert index.lookup(parse_url("https://bet.example/"))


def test_a_list_that_has_gone_is_a_fault_and_the_old_index_stays(config: Path, tmp_path: Path) -> None:
    old = ensure_index(config, tmp_path).generation
    (tmp_path / "bets.txt").unlink()
    with pytest.raises(ListsError):
        ensure_index(config, tmp_path)
    assert generations(tmp_path) == [old]


def test_several_processes_at_once_agree_on_one_index(config: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from filter_lists.ensure import ensure_index\n"
        "sys.stdout.write(ensure_index(Path(sys.argv[1]), Path(sys.argv[2])).generation)"
    )
    command = [sys.executable, "-c", program, str(config), str(tmp_path / "state")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate()[0] for process in running}
    assert answers == set(generations(tmp_path / "state"))
    assert len(answers) == 1


def test_a_list_that_was_never_fetched_says_how_it_is(config: Path, tmp_path: Path) -> None:
    """Nothing is fetched here: whoever asks may be a console that starts."""
    with a_list_server(tmp_path) as server:
        url = server.put("/more", "odds.example\n")
        config.write_text(CONFIG + f"  more: {{category: gambling, format: plain, source: '{url}'}}\n")
        with pytest.raises(ListsError, match=r":3: lists.more: was never fetched: schoolgate lists update"):
            ensure_index(config, tmp_path)
        assert server.seen == []
        now = datetime(2027, 3, 1, tzinfo=UTC)
        updated = run(Order(config.read_text(), tmp_path, tmp_path, None, None, now, server.ca))
        server.seen.clear()
        index = ensure_index(config, tmp_path)
        assert server.seen == []
    assert index.generation == updated.generation
    assert is_built_from(index, config, tmp_path)


def test_the_checks_of_lists_yaml_hold_at_the_founding_too(config: Path, tmp_path: Path) -> None:
    config.write_text(CONFIG + "checks: {must_have: {gambling: [poker.example]}}\n")
    with pytest.raises(ListsError, match=r"poker\.example is on no list"):
        ensure_index(config, tmp_path)


@pytest.mark.parametrize("sealed", ["", ", sealed: true"])
def test_lists_that_changed_are_not_those_of_the_index(config: Path, tmp_path: Path, sealed: str) -> None:
    config.write_text(CONFIG.replace("bets.txt}", f"bets.txt{sealed}}}"))
    index = ensure_index(config, tmp_path)
    assert is_built_from(index, config, tmp_path)

    (tmp_path / "bets.txt").write_text("odds.example\n")
    assert not is_built_from(index, config, tmp_path)
    assert generations(tmp_path) == [index.generation]

    (tmp_path / "bets.txt").write_text("bet.example\n")
    assert is_built_from(index, config, tmp_path)
    config.write_text(config.read_text().replace("category: gambling", "category: games"))
    assert not is_built_from(index, config, tmp_path)
    (tmp_path / "bets.txt").unlink()
    with pytest.raises(ListsError, match=r"lists.bets.source: 'bets.txt'"):
        is_built_from(index, config, tmp_path)
