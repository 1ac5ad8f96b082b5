"""Lists of illegal content through a real gate: they hold for everybody, tell nothing, and stay."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from filter_lists.sealed_key import key_path
from tests.harness import Gate, a_gate, start, until
from tests.sealing import Lists, compile_lists

PLAIN: Lists = {"games": ("gambling", ["bet.test"]), "school": ("education", ["files.test", "bad.test"])}
SEALED: Lists = {
    "iwf": ("child-sexual-abuse", ["bad.test", "files.test/hidden/7", "first.test", "203.0.113.7"]),
    "ctiru": ("terrorism", ["video.test/watch?v=42"]),
}
SITES = dict.fromkeys(["first.test", "bad.test", "files.test", "video.test", "bet.test"])


def publish_sealed(gate: Gate, sealed: Lists = SEALED, plain: Lists = PLAIN) -> None:
    gate.sealed_lists = tuple(SEALED)
    gate.publish(lists=compile_lists(gate.state, plain, sealed))


@contextmanager
def a_sealed_gate() -> Iterator[Gate]:
    with a_gate(sites=SITES) as gate:
        publish_sealed(gate)
        taken(gate)
        yield gate


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    """For tests that leave it as it was."""
    with a_sealed_gate() as gate:
        yield gate


@pytest.fixture
def own_gate() -> Iterator[Gate]:
    with a_sealed_gate() as gate:
        yield gate


def status(gate: Gate, url: str, user: str = "anna") -> int:
    return gate.curl(url, user=user).status


def taken(gate: Gate) -> None:
    """Asks for a site that no test looks for in what was written."""
    assert until(lambda: status(gate, "http://first.test/"), lambda found: found == 403) == 403


def written(gate: Gate) -> str:
    """All that the gate ever wrote, but for what the test gave it."""
    journal = b"".join(path.read_bytes() for path in (gate.state / "journal").iterdir() if path.is_file())
    return journal.decode("utf-8", "replace") + gate.said()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("user", ["anna", "tess", "kim"])
def test_an_address_on_a_sealed_list_opens_for_nobody(gate: Gate, scheme: str, user: str) -> None:
    for place in ("bad.test/", "www.bad.test/x", "files.test/hidden/7", "files.test/%68idden//7/x.jpg"):
        reply = gate.curl(f"{scheme}://{place}", user=user)
        assert reply.status == 403, place
        assert "against the law" in reply.text


def test_the_rest_of_such_a_site_is_as_open_as_it_was(gate: Gate) -> None:
    assert status(gate, "http://files.test/hidden/8") == status(gate, "http://video.test/watch?v=43") == 200
    assert status(gate, "http://video.test/watch?x=1&v=42") == 403


def test_a_hit_leaves_a_row_that_names_the_list_and_no_address(gate: Gate) -> None:
    for _ in range(2):
        gate.curl("http://files.test/hidden/7", user="anna")
    gate.curl("http://files.test/hidden/7/other", user="anna")

    rows = gate.wait_rows(lambda rows: len([r for r in rows if r["reason"] == "illegal" and r["list"]]) >= 4)
    first, second, third = [row for row in rows if row["reason"] == "illegal"][-3:]
    assert (first["category"], first["list"], first["entry"]) == ("child-sexual-abuse", "iwf", None)
    assert first["host"] is None
    assert first["url"] == second["url"] != third["url"]
    assert first["url"].startswith("sealed:")
    assert len(first["url"]) == len("sealed:") + 32


def test_no_refusal_of_any_kind_writes_such_an_address_down(gate: Gate) -> None:
    """Not signed in, inside a tunnel, not TLS, a failed handshake, two names, another port."""
    gate.curl("http://bad.test/a")
    gate.curl("http://[::ffff:203.0.113.7]/a")
    gate.curl("https://bad.test/a")
    gate.curl("https://bad.test/a", user="anna")
    gate.curl("https://bad.test/a", user="anna", password="wrong")
    gate.curl("https://bad.test:8443/a", user="anna")
    gate.curl("https://bad.test/a", "--cacert", "/dev/null", user="anna")
    gate.curl("http://bad.test/a", "-H", "Host: other.test", user="anna")
    gate.curl("http://bad.test/a", "-H", "Upgrade: odd", user="anna")
    _, client = gate.tunnel("bad.test")
    with client:
        client.sendall(b"not TLS at all\r\n\r\n")
    with gate.tls("bad.test") as inside:
        inside.sendall(b"\0\1\2 / nothing\r\n\r\n")
        inside.settimeout(5)
        inside.recv(100)
    with gate.failing("decide", "Exception"):
        gate.curl("http://bad.test/a", user="anna")

    kinds = {"request", "connect", "tunnel", "handshake", "unparsed"}
    rows = gate.wait_rows(lambda rows: {row["kind"] for row in rows} >= kinds)
    assert {row["kind"] for row in rows} >= kinds
    assert {"no-credentials", "wrong-credentials", "port", "not-tls", "failed-closed", "bad-request"} <= {
        row["reason"] for row in rows
    }
    for name in ("bad.test", "203.0.113.7", "cb00:7107"):
        assert name not in json.dumps(rows)
        assert name not in written(gate)


def test_the_gates_own_words_hold_no_such_address(gate: Gate) -> None:
    reply = gate.curl("https://bad.test/secret", user="anna")

    assert "bad.test" not in reply.text + reply.head.partition("\r\n\r\n")[2]
    assert "iwf" not in reply.text
    assert "bad.test" not in gate.said()


def test_lists_without_one_that_was_there_leave_the_old_ones_in_force(own_gate: Gate) -> None:
    publish_sealed(own_gate, {"iwf": ("child-sexual-abuse", ["bad.test"])})

    assert until(own_gate.said, lambda said: "bundle.refused" in said)
    assert "lacks lists of illegal content: ctiru" in own_gate.said()
    assert status(own_gate, "http://video.test/watch?v=42") == 403


def test_a_bundle_that_asks_for_none_of_them_is_refused_by_a_gate_that_has_had_them(own_gate: Gate) -> None:
    """Such as one from before they came, which somebody names again."""
    own_gate.sealed_lists = ()
    own_gate.publish(lists=compile_lists(own_gate.state, PLAIN, {}))

    assert until(own_gate.said, lambda said: "bundle.refused" in said)
    assert "lacks lists of illegal content: ctiru, iwf" in own_gate.said()
    assert status(own_gate, "http://bad.test/") == 403


@pytest.mark.parametrize("gone", ["key", "generation", "sealed.bin", "sealed.json"])
def test_what_is_deleted_on_disk_stays_in_force_and_after_a_restart_nothing_is_open(
    own_gate: Gate, gone: str
) -> None:
    generation = own_gate.state / "lists" / own_gate.lists
    remove(
        {
            "key": key_path(own_gate.state),
            "generation": generation,
            "sealed.bin": generation / "sealed.bin",
            "sealed.json": generation / "sealed.json",
        }[gone]
    )
    own_gate.publish(
        policy_text=own_gate.policy_text.replace("reviewed", "reviewed again")
    )  # a new bundle, the same lists
    assert until(lambda: own_gate.said().count("bundle.taken"), lambda count: count >= 3) >= 3
    assert status(own_gate, "http://bad.test/") == 403
    assert status(own_gate, "http://files.test/") == 200
    assert own_gate.last_row(reason="illegal")["url"] != "sealed:"

    own_gate.stop()
    start(own_gate)

    assert {status(own_gate, f"http://{site}/") for site in ("bad.test", "files.test", "bet.test")} == {503}
    assert until(own_gate.said, lambda said: "bundle.refused" in said)
    assert "bad.test" not in own_gate.said()


def test_a_lost_key_is_not_made_anew_and_another_opens_nothing(own_gate: Gate) -> None:
    own_gate.stop()
    path = key_path(own_gate.state)
    kept = path.read_bytes()
    path.unlink()

    start(own_gate)
    assert status(own_gate, "http://files.test/") == 503
    assert not path.exists()
    assert "put it back from the backup" in own_gate.said()

    own_gate.stop()
    path.write_bytes(bytes(32))
    start(own_gate)
    assert status(own_gate, "http://files.test/") == 503

    own_gate.stop()
    path.write_bytes(kept)
    start(own_gate)
    taken(own_gate)
    assert status(own_gate, "http://files.test/") == 200


def test_the_key_is_made_once_and_for_its_owner_alone() -> None:
    with a_gate() as gate:
        path = key_path(gate.state)
        made = path.read_bytes()
        assert (len(made), path.stat().st_mode & 0o777) == (32, 0o600)

        gate.stop()
        start(gate)

        assert path.read_bytes() == made
        assert made.hex() not in gate.said()


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def test_a_listed_page_among_endless_parameters_is_let_by_by_nobody_and_named_nowhere(own_gate: Gate) -> None:
    junk = "&".join(f"x{number}" for number in range(2000))
    assert status(own_gate, f"http://video.test/watch?v=42&{junk}") == 503
    assert "video.test" not in written(own_gate)
    assert status(own_gate, "http://video.test/watch?v=42&x=1") == 403
