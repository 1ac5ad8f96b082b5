"""The CA is made once. Whatever becomes of its files, no second one is made, and no start is half done."""

import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from proxy_addon.ca import VALID_DAYS, ensure_ca
from proxy_addon.ca_check import CERTIFICATE, FINGERPRINT, KEY_AND_CERTIFICATE, CaFault, check_ca, recorded
from proxy_addon.run import CA_REFUSED
from tests.builders import NOON
from tests.harness import ROOT, a_gate

MAKES = """\
import sys
from datetime import UTC, datetime
from pathlib import Path
from proxy_addon.ca import ensure_ca
print("go", flush=True)
for i in range(500):
    ensure_ca(Path(sys.argv[1]) / str(i), datetime.now(UTC))
"""


def fingerprint(state: Path) -> str:
    pem = (state / "ca" / CERTIFICATE).read_bytes()
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()


def other(state: Path) -> Path:
    """Another school's."""
    elsewhere = state.parent / "other"
    ensure_ca(elsewhere, NOON)
    return elsewhere / "ca"


def lose_all(state: Path) -> None:
    for path in (state / "ca").iterdir():
        path.unlink()


def lose_key(state: Path) -> None:
    (state / "ca" / KEY_AND_CERTIFICATE).unlink()


def lose_key_and_fingerprint(state: Path) -> None:
    lose_key(state)
    (state / FINGERPRINT).unlink()


def show_key(state: Path) -> None:
    (state / "ca" / KEY_AND_CERTIFICATE).chmod(0o640)


def cut_in_half(state: Path) -> None:
    path = state / "ca" / KEY_AND_CERTIFICATE
    path.write_bytes(path.read_bytes()[:120])


def take_others(state: Path) -> None:
    for name in (KEY_AND_CERTIFICATE, CERTIFICATE):
        (state / "ca" / name).write_bytes((other(state) / name).read_bytes())


def take_others_certificate(state: Path) -> None:
    (state / "ca" / CERTIFICATE).write_bytes((other(state) / CERTIFICATE).read_bytes())


def take_others_key(state: Path) -> None:
    ours = (state / "ca" / CERTIFICATE).read_bytes()
    theirs = (other(state) / KEY_AND_CERTIFICATE).read_bytes().partition(b"-----BEGIN CERT")[0]
    (state / "ca" / KEY_AND_CERTIFICATE).write_bytes(theirs + ours)


def smudge_fingerprint(state: Path) -> None:
    (state / FINGERPRINT).write_text("\n")


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "lost": (lose_all, "is missing"),
    "without its key": (lose_key, "is missing"),
    "a certificate alone": (lose_key_and_fingerprint, "holds a certificate and no key"),
    "a key that others read": (show_key, "others can read"),
    "half a file": (cut_in_half, "half written or damaged"),
    "another one": (take_others, "another one than the one recorded"),
    "another certificate": (take_others_certificate, "another certificate in"),
    "another key": (take_others_key, "does not fit its certificate"),
    "no fingerprint in its file": (smudge_fingerprint, "holds no fingerprint"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_not_the_schools_is_refused_and_nothing_is_made(name: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    ensure_ca(state, NOON)
    spoil, says = FAULTS[name]
    spoil(state)
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}

    with pytest.raises(CaFault, match=says) as refused:
        ensure_ca(state, NOON)

    assert "no new one is made" in str(refused.value)
    assert {path: path.read_bytes() for path in state.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("when", "says"),
    [
        (NOON + timedelta(days=VALID_DAYS), "expired"),
        (NOON - timedelta(days=3), "is not valid before"),
    ],
)
def test_one_that_devices_would_not_take_is_refused(when: datetime, says: str, tmp_path: Path) -> None:
    ensure_ca(tmp_path, NOON)
    with pytest.raises(CaFault, match=says):
        ensure_ca(tmp_path, when)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    ensure_ca(tmp_path / "state", NOON)
    take_others(tmp_path / "state")
    show_key(tmp_path / "state")
    with pytest.raises(CaFault) as refused:
        ensure_ca(tmp_path / "state", NOON + timedelta(days=VALID_DAYS))
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize("names", [(CERTIFICATE,), (CERTIFICATE, FINGERPRINT), (FINGERPRINT,)])
def test_a_start_that_was_killed_in_the_middle_is_finished_with_the_same_one(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    ensure_ca(tmp_path, NOON)
    first = fingerprint(tmp_path)
    for name in names:
        (tmp_path / name if name == FINGERPRINT else tmp_path / "ca" / name).unlink()

    ensure_ca(tmp_path, NOON)

    assert fingerprint(tmp_path) == recorded(tmp_path) == first


def test_killed_at_any_moment_each_folder_holds_all_or_is_finished(tmp_path: Path) -> None:
    for round_ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", MAKES, str(tmp_path / str(round_))], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        time.sleep(0.03 + 0.013 * round_)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        for state in sorted((tmp_path / str(round_)).iterdir()):
            kept = state / "ca" / KEY_AND_CERTIFICATE
            before = kept.read_bytes() if kept.exists() else None
            ensure_ca(state, datetime.now(UTC))
            assert before in (None, kept.read_bytes())
            assert check_ca(state / "ca", recorded(state), datetime.now(UTC))


# --- a gate alone


def test_a_gate_alone_makes_one_and_starts_with_no_other(tmp_path: Path) -> None:
    with a_gate() as gate:
        assert recorded(gate.state) == fingerprint(gate.state)
        leaf = leaf_of(gate.tls("allowed.test"))
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["allowed.test"]
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=367)
        secret = [path for path in (gate.state / "ca").iterdir() if b"PRIVATE" in path.read_bytes()]
        assert [(path.name, path.stat().st_mode & 0o777) for path in secret] == [(KEY_AND_CERTIFICATE, 0o600)]
        assert (gate.state / "ca").stat().st_mode & 0o777 == 0o700

        gate.stop()
        gate.process.wait()
        lose_all(gate.state)
        settings = gate.folder / "settings.json"
        again = subprocess.run(
            [sys.executable, "-m", "tests.gate_child", str(settings)],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    assert again.returncode == CA_REFUSED
    assert b"no new one is made" in again.stderr + again.stdout


def leaf_of(secure: ssl.SSLSocket) -> x509.Certificate:
    with secure:
        der = secure.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)
