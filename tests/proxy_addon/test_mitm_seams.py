"""Where we change mitmproxy, it is the mitmproxy we read: any other stops the gate before it serves."""

import pytest
from mitmproxy.proxy.server import ConnectionHandler

from proxy_addon import mitm_http, mitm_lean, mitm_seams, mitm_speed
from proxy_addon.mitm_seams import AUDITED, Seam, SeamFault, faults, install, source_hash

ALL = (
    *mitm_speed.seams(mitm_speed.Dispatch()),
    *mitm_lean.seams(),
    *mitm_http.seams(lambda status, message: b""),
)


class Shipped:
    """Stands for a class of mitmproxy's."""

    def answer(self) -> int:
        return 1


def a_seam(sha256: str | None = None) -> Seam:
    found = sha256 or source_hash(Shipped.answer)
    return Seam(Shipped, "answer", found, "for this test", lambda original: lambda self: original(self) + 1)


@pytest.mark.parametrize("seam", ALL, ids=lambda seam: seam.where)
def test_mitmproxy_reads_as_it_did_when_the_seam_was_made(seam: Seam) -> None:
    assert seam.fault() is None


def test_every_seam_says_why() -> None:
    assert all(len(seam.why) > 10 for seam in ALL)


def test_the_installed_version_is_an_audited_one() -> None:
    assert not faults(ALL)


def test_another_version_is_refused() -> None:
    assert "12.3.1" not in AUDITED
    (fault,) = faults((), "12.3.1")
    assert "12.3.1" in fault


def test_a_function_that_has_changed_is_refused_by_name() -> None:
    with pytest.raises(SeamFault) as caught:
        install([a_seam("0" * 64)])
    assert "Shipped.answer" in caught.value.faults[0]
    assert Shipped().answer() == 1


def test_one_fault_stops_all_seams() -> None:
    with pytest.raises(SeamFault):
        install([a_seam(), Seam(ConnectionHandler, "log", "0" * 64, "not the source")])
    assert Shipped().answer() == 1


def test_a_seam_goes_around_what_is_shipped_and_never_around_itself() -> None:
    seam = a_seam()
    try:
        install([seam])
        install([seam])
        assert Shipped().answer() == 2
        assert seam.fault() is None
    finally:
        mitm_seams._replaced.clear()
