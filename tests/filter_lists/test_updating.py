"""An update takes what is due, and what fails leaves what was there: the list and the generation."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from filter_lists.diffing import Change
from filter_lists.lists_config import parse_lists
from filter_lists.orders import Order, Outcome, Progress
from filter_lists.source_store import is_overdue
from filter_lists.updating import run
from tests.filter_lists.list_school import MONDAY, School, results
from tests.filter_lists.list_server import a_list_server

HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[2]
HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"


def test_a_first_update_fetches_compiles_and_answers(school: School) -> None:
    school.feed("bets", "bet.example\nodds.example\n")
    (school.folder / "ours.txt").write_text("ours.example\n")
    school.lists["ours"] = "source: ours.txt, format: plain, category: games"

    outcome = school.update()

    assert (results(outcome), outcome.faults) == ({"bets": "fetched", "ours": "local"}, ())
    assert outcome.lists[0].bytes == len("bet.example\nodds.example\n")
    assert school.lists_of(outcome.generation, "https://www.bet.example/") == ["bets"]
    assert outcome.changes == ()
    assert outcome.seconds > 0


def test_nothing_new_is_the_same_generation_and_nothing_is_fetched_before_its_time(school: School) -> None:
    school.feed("bets", "bet.example\n", etag='"one"')
    first = school.update()
    school.now += 23 * HOUR
    early = school.update(base=first.generation)
    school.now += HOUR
    later = school.update(base=first.generation)

    assert first.generation == early.generation == later.generation
    assert [results(each)["bets"] for each in (first, early, later)] == ["fetched", "not-due", "unchanged"]
    assert [each.get("if-none-match") for each in school.server.headers("/bets")] == [None, '"one"']
    assert school.record("bets").checked_at == school.now
    assert later.changes == ()


def test_the_same_bytes_without_a_tag_are_unchanged(school: School) -> None:
    school.feed("bets", "bet.example\n")
    first = school.update()
    again = school.update(fetch=("bets",), base=first.generation)
    assert (results(again), again.generation) == ({"bets": "unchanged"}, first.generation)


def test_a_new_list_is_a_new_generation_with_its_changes(school: School) -> None:
    school.feed("bets", "bet.example\nodds.example\n", etag='"one"')
    first = school.update()
    school.feed("bets", "bet.example\npoker.example\nslots.example\n", etag='"two"')
    school.now += 24 * HOUR

    second = school.update(base=first.generation)

    assert second.changes == (
        Change("bets", "gambling", before=2, after=3, added=2, removed=1, opened=1, shut=2),
    )
    assert school.lists_of(second.generation, "https://odds.example/") == []
    assert school.lists_of(first.generation, "https://odds.example/") == ["bets"]


def test_lists_are_fetched_when_asked_for_and_only_those(school: School) -> None:
    school.feed("bets", "bet.example\n")
    school.feed("more", "odds.example\n")
    school.update()
    assert results(school.update(fetch=("more",))) == {"bets": "not-due", "more": "unchanged"}
    assert results(school.update(fetch=())) == {"bets": "not-due", "more": "not-due"}
    assert school.update(fetch=("mroe",)).faults == ("no such list: 'mroe'; allowed: bets, more",)


def test_an_archive_in_the_layout_of_squidguard_is_mapped_to_our_categories(school: School) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in (("press/domains", b"paper.example\n"), ("adult/domains", b"adult.example\n")):
            told = tarfile.TarInfo(name)
            told.size = len(content)
            tar.addfile(told, io.BytesIO(content))
    url = school.server.put("/all.tar.gz", packed.getvalue())
    school.lists["ut1"] = f"source: '{url}', format: squidguard, categories: {{press: [news, blogs]}}"

    outcome = school.update()

    assert outcome.faults == ()
    assert school.lists_of(outcome.generation, "https://paper.example/") == ["ut1", "ut1"]
    assert school.lists_of(outcome.generation, "https://adult.example/") == []


def broken(school: School) -> Iterator[str]:
    """Every way in which a list can fail to come; each leaves the server so."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    for status in (404, 503):
        school.server.answer("/bets", status)
        yield f"answered {status}"
    school.server.say("/bets", head, b"bet.example\n")
    yield "broke off"
    school.server.put("/bets", HTML)
    yield "web page"
    school.server.put("/bets", b"")
    yield "without one byte"
    school.server.put("/bets", b"a secret word\n" * 20)
    yield "not one line is understood"
    school.server.put("/bets", b"\x1f\x8b\x08\0\0\0\0\0")
    yield "damaged"
    school.server.put("/bets", b"bet.example\n" * 100_000)
    yield "larger than 1 MB"
    school.server.answer("/bets", 302, Location="http://lists.example/")
    yield "not https"


def test_whatever_fails_the_old_list_stays_in_use_and_the_failures_are_counted(school: School) -> None:
    school.feed("bets", "bet.example\n", ", limits: {bytes: 1 MB}", etag='"one"')
    school.feed("more", "more.example\n")
    first = school.update()
    for number, why in enumerate(broken(school), 1):
        school.feed("more", f"more{number}.example\n")
        school.now += 24 * HOUR

        outcome = school.update(base=first.generation)

        assert outcome.faults == (), why
        assert results(outcome) == {"bets": "failed", "more": "fetched"}, why
        assert why in outcome.lists[0].why
        assert not outcome.lists[0].why.startswith("bets: ")
        assert school.lists_of(outcome.generation, "https://bet.example/") == ["bets"]
        assert school.lists_of(outcome.generation, f"https://more{number}.example/") == ["more"]
        assert (school.record("bets").failures, school.record("bets").checked_at) == (number, MONDAY)
        assert "secret" not in str(outcome)
        assert len(list((school.folder / "state" / "list-sources" / "bets").iterdir())) == 2
    school.server.put("/bets", "bet.example\n", etag='"one"')
    school.now += 24 * HOUR
    assert results(school.update())["bets"] == "unchanged"
    assert school.record("bets").failures == 0


def test_a_list_that_never_came_stops_the_new_set_with_its_line_and_the_reason(school: School) -> None:
    school.feed("more", "more.example\n")
    first = school.update()
    school.feed("bets", HTML)

    outcome = school.update(base=first.generation)

    assert outcome.generation is None
    assert outcome.faults == (
        "lists.yaml:3: lists.bets: cannot be used, and there is no earlier copy: is a web page and no list",
    )
    assert school.lists_of(first.generation, "https://more.example/") == ["more"]
    soon = school.update(base=first.generation)
    assert soon.faults == ("lists.yaml:3: lists.bets: is a web page and no list",)
    never = replace(school, folder=school.folder / "other").update(fetch=())
    assert "lists.yaml:3: lists.bets: was never fetched: schoolgate lists update" in never.faults


def test_a_server_that_is_gone_makes_a_list_overdue_and_nothing_else(school: School, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with a_list_server(tmp_path / "other") as server:
        there = School(tmp_path / "other", server)
        there.feed("bets", "bet.example\n")
        first = there.update()
    there.now += 37 * HOUR

    outcome = there.update(base=first.generation)

    assert (results(outcome), outcome.generation) == ({"bets": "failed"}, first.generation)
    config = parse_lists(there.text, there.folder).lists[0]
    assert is_overdue(config, there.record("bets"), there.now)


def test_the_checks_of_the_school_hold_for_every_new_set(school: School) -> None:
    school.checks = "{must_have: {gambling: [bet.example]}, must_not_have: {gambling: [school.example/news]}}"
    school.feed("bets", "www.bet.example\nschool.example\n")

    outcome = school.update()

    assert outcome.generation is None
    assert outcome.faults == (
        "lists.yaml: checks.must_have.gambling: bet.example is on no list of this category",
        "lists.yaml: checks.must_not_have.gambling: school.example/news is there, by bets",
    )
    school.feed("bets", "bet.example\nschool.example/sports\n")
    assert school.update(fetch=("bets",)).faults == ()


def test_a_text_that_is_only_tried_out_leaves_the_lists_of_the_other_alone(school: School) -> None:
    """The other text names another server for this list: what comes from there is not used here."""
    school.feed("bets", "bet.example\n")
    agreed = school.update()
    other = replace(school, lists=dict(school.lists))
    url = school.server.put("/other", "other.example\n")
    other.lists["bets"] = f"source: '{url}', format: plain, category: gambling"

    tried = other.update(base=agreed.generation)
    again = school.update(base=agreed.generation)

    assert school.lists_of(tried.generation, "https://other.example/") == ["bets"]
    assert (again.generation, results(again)) == (agreed.generation, {"bets": "not-due"})


def test_another_map_of_categories_is_another_generation(school: School) -> None:
    school.feed("bets", "bet.example\n")
    first = school.update()
    school.lists["bets"] = school.lists["bets"].replace("category: gambling", "category: games")
    second = school.update(base=first.generation)
    assert second.generation != first.generation
    assert {change.category for change in second.changes} == {"gambling", "games"}


def test_a_generation_in_force_that_is_damaged_is_a_fault(school: School) -> None:
    school.feed("bets", "bet.example\n")
    outcome = school.update(base="0" * 64)
    assert outcome.generation is None
    assert outcome.faults


@pytest.mark.parametrize(
    "text", ["", "lists: {a: 1}", "lists: {a: {source: gone.txt, format: plain, category: b}}"]
)
def test_a_text_with_faults_changes_nothing(school: School, text: str) -> None:
    order = replace(school.order(), text=text)
    outcome = run(order)
    assert outcome.generation is None
    assert outcome.faults
    assert not (school.folder / "state").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read and write everything")
def test_a_folder_that_cannot_be_written_is_a_fault_and_no_crash(school: School) -> None:
    school.feed("bets", "bet.example\n")
    (school.folder / "state").mkdir(mode=0o500)
    outcome = school.update()
    assert (outcome.generation, len(outcome.faults)) == (None, 1)


def test_a_state_folder_that_is_a_file_is_a_fault_and_no_crash(school: School) -> None:
    school.feed("bets", "bet.example\n")
    (school.folder / "state").touch()
    outcome = school.update()
    assert (outcome.generation, len(outcome.faults)) == (None, 1)


def on_a_small_disk(order: Order, limit: int) -> Outcome:
    """No file may grow past `limit` bytes: what a full disk says, said of one process alone."""
    program = (
        "import json, resource, sys\n"
        "from filter_lists.orders import Order\n"
        "from filter_lists.updating import run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "sys.stdout.write(json.dumps(run(Order.from_json(json.loads(sys.argv[1]))).to_json()))\n"
    )
    command = [sys.executable, "-c", program, json.dumps(order.to_json()), str(limit)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Outcome.from_json(json.loads(done.stdout))


def test_a_disk_that_is_full_changes_nothing(school: School) -> None:
    school.feed("bets", "bet.example\n")
    first = school.update()
    packed = gzip.compress(b"".join(b"bet%d.example\n" % number for number in range(50_000)))
    school.feed("bets", packed)
    for limit in (2000, len(packed) + 2000):  # while it is fetched; while it is compiled
        outcome = on_a_small_disk(school.order(fetch=("bets",), base=first.generation), limit)
        assert "File too large" in str(outcome)
        assert outcome.generation in (None, first.generation)
        assert bool(outcome.faults) is (outcome.generation is None)
        assert school.record("bets").checked_at == MONDAY
        folders = [path.name for path in (school.folder / "state" / "lists").iterdir() if path.is_dir()]
        assert folders == [first.generation]
    outcome = school.update(fetch=("bets",))
    assert results(outcome) == {"bets": "fetched"}
    assert school.lists_of(outcome.generation, "https://bet7.example/") == ["bets"]


def test_how_far_it_is_is_told_stage_by_stage(school: School) -> None:
    school.feed("bets", "bet.example\n")
    told: list[Progress] = []
    run(school.order(), told.append)
    stages = [each.stage for each in told]
    assert stages.index("fetching bets") < stages.index("reading") < stages.index("names")


def test_what_goes_between_processes_is_read_as_it_was_written(school: School) -> None:
    school.feed("bets", "bet.example\n")
    order = school.order(fetch=("bets",), base="a" * 64)
    assert Order.from_json(order.to_json()) == order
    first = school.update()
    school.feed("bets", "odds.example\n")
    outcome = school.update(fetch=("bets",), base=first.generation)
    assert outcome.changes
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_a_list_stays_as_it_is_in_force_while_the_others_go_on(school: School) -> None:
    """However often it came since, and whatever came."""
    school.feed("bets", "bet.example\nodds.example\n")
    school.feed("more", "more.example\n")
    first = school.update()
    for number in range(5):
        school.feed("bets", f"bet{number}.example\n")
        school.update(fetch=("bets",), base=first.generation)
    school.feed("more", "more.example\nnew.example\n")
    newest = school.update(fetch=("more",), base=first.generation)
    bets = {"bets": sha256(b"bet.example\nodds.example\n").hexdigest()}

    kept = run(replace(school.order((), first.generation), keep=bets))

    assert school.lists_of(kept.generation, "https://odds.example/") == ["bets"]
    assert school.lists_of(kept.generation, "https://new.example/") == ["more"]
    assert [each.list_id for each in kept.changes] == ["more"]
    assert school.update((), first.generation).generation == newest.generation  # nothing is forgotten


def test_a_list_whose_bytes_are_gone_cannot_stay_as_it_is_in_force(school: School) -> None:
    school.feed("bets", "bet.example\n")
    (school.folder / "ours.txt").write_text("ours.example\n")
    school.lists["ours"] = "source: ours.txt, format: plain, category: games"
    first = school.update()
    (school.folder / "ours.txt").write_text("other.example\n")
    gone = {"ours": sha256(b"ours.example\n").hexdigest(), "bets": "0" * 64}

    outcome = run(replace(school.order((), first.generation), keep=gone))

    assert outcome.generation is None
    assert [fault.partition(": ")[2] for fault in outcome.faults] == [
        f"lists.{each}: what is in force of it is not stored any more, so it cannot stay as it is"
        for each in ("bets", "ours")
    ]


def test_a_fault_does_not_say_where_on_this_machine_a_list_lies(school: School) -> None:
    (school.folder / "ours.txt").write_text("# nothing\n")
    school.lists["ours"] = "source: ours.txt, format: plain, category: games"
    assert school.update().faults == (
        "lists.yaml:2: lists.ours: ours.txt: not one line is understood as an entry",
    )
    del school.lists["ours"]
    school.feed("bets", "# nothing\n")
    school.feed("gone", "gone.example\n")
    why = {each.list_id: each.why for each in school.update().lists}
    assert why == {"bets": "not one line is understood as an entry", "gone": ""}
    damaged = school.update(base="0" * 64)
    assert str(school.folder) not in " ".join(damaged.faults)
