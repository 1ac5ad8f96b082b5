"""A site that cannot prove who it is hears nothing, and whoever asked reads why, in words of their age."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy_addon.tls_pages import CAUSES, OTHER, SAID, cause_of, title_and_sentence
from tests.bad_origins import BadOrigins, Bending, bad_origins
from tests.builders import POLICY
from tests.harness import Gate, a_gate

CAUSE_OF = {
    "expired": "tls-expired",
    "early": "tls-early",
    "wrong-host": "tls-wrong-host",
    "self-signed": "tls-self-signed",
    "unknown-ca": "tls-unknown-ca",
    "weak-key": "tls-weak",
    "old": "tls-old",
    "cipher": "tls-weak",
    "cut": "tls-cut",
    "no-tls": "tls-none",
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadOrigins]:
    with bad_origins(tmp_path_factory.mktemp("bad"), AUTHORITY) as found:
        yield found


AUTHORITY = Bending()


@pytest.fixture(scope="module")
def gate(sites: BadOrigins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    text = POLICY.replace("reception-ks1: not_allowed}", "reception-ks1: allowed}")
    hosts = {f"{name}.test": "search" for name in sites.addresses}
    addresses = list(sites.addresses.values())
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("SSLKEYLOGFILE", str(tmp_path_factory.mktemp("keys") / "log"))
            running = stack.enter_context(a_gate(text, sites=hosts, egress=addresses, authority=AUTHORITY))
        running.set_names({f"{name}.test:443": [at] for name, at in sites.addresses.items()})
        yield running


@pytest.mark.parametrize("name", CAUSE_OF)
def test_each_failure_is_told_recorded_and_hears_nothing(name: str, gate: Gate, sites: BadOrigins) -> None:
    reply = gate.curl(f"https://{name}.test/secret", user="tess")
    row = gate.last_row(kind="request", host=f"{name}.test")

    cause = CAUSE_OF[name]
    assert (reply.status, row["outcome"], row["status"]) == (502, cause, 502)
    assert CAUSES[cause].title in reply.text
    assert "Nothing was sent to it." in reply.text
    assert row["id"]
    assert sites.heard == []


@pytest.mark.parametrize(
    ("user", "says", "not_said"),
    [
        ("tess", "It ended some time ago", "You did nothing wrong"),
        ("anna", "The paper that shows who runs this site is too old.", "certificate"),
        ("kim", "This page does not work today.", "certificate"),
    ],
)
def test_the_page_is_in_the_words_of_the_readers_age(user: str, says: str, not_said: str, gate: Gate) -> None:
    reply = gate.curl("https://expired.test/", user=user)
    assert says in reply.text
    assert not_said not in reply.text
    assert "$" not in reply.text


def test_over_http_2_it_is_the_same_page(gate: Gate) -> None:
    reply = gate.curl("https://self-signed.test/", "--http2", user="tess")
    assert (reply.status, "vouches for itself" in reply.text) == (502, True)


def test_a_good_site_of_the_same_authority_is_reached(gate: Gate) -> None:
    assert gate.curl("https://allowed.test/", user="anna").text == "hello from allowed.test"


def test_no_key_of_any_connection_is_written_down(gate: Gate) -> None:
    gate.curl("https://allowed.test/", user="anna")
    log = Path(_environment(gate)["SSLKEYLOGFILE"])
    assert not log.exists()


def _environment(gate: Gate) -> dict[str, str]:
    raw = Path(f"/proc/{gate.process.pid}/environ").read_text()
    return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ("Certificate verify failed: certificate revoked", "tls-revoked"),
        ("Certificate verify failed: something new", OTHER),
        ("OpenSSL Error([('SSL routines', '', 'something new')])", OTHER),
        ("Client disconnected.", ""),
        ("refused by the egress policy", ""),
        ("server closed connection", ""),
        ("[Errno 111] Connect call failed", ""),
    ],
)
def test_what_is_not_known_is_told_as_something_else(told: str, cause: str) -> None:
    assert cause_of(told) == cause


def test_every_cause_fits_the_record_and_has_words_for_every_age() -> None:
    assert {cause for _, cause in SAID} <= set(CAUSES)
    for cause in CAUSES:
        assert len(cause) <= 16
        for band in ("picture", "simple", "plain"):
            assert all(title_and_sentence(cause, band))
