"""Of the doctor: are the keys there, whole, and those that everything hangs on? What would keep Schoolgate
from starting is found here, by the very check that the start makes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from schoolgate.finding import Finding
from schoolgate.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SOON = timedelta(days=30)


def ca(settings: Settings) -> Iterator[Finding]:
    """As the gate looks at it before it starts (proxy_addon/ca_check.py)."""
    from cryptography import x509

    from proxy_addon.ca_check import CaFault, check_ca, recorded
    from schoolgate.school_ca import FOLDER, PUBLIC, fingerprint_of

    path = settings.state / FOLDER / PUBLIC
    if not path.exists():
        yield Finding("ca", False, f"{path} is missing")
        return
    try:
        known = recorded(settings.state)
        signs = x509.load_pem_x509_certificate(check_ca(settings.state / FOLDER, known, datetime.now(UTC)))
    except CaFault as fault:
        yield Finding("ca", False, f"no gate starts: {fault.lines[0]}")
        return
    handed = x509.load_pem_x509_certificate(path.read_bytes())
    ends, says = handed.not_valid_after_utc, f"{path}, valid until {handed.not_valid_after_utc:%d %B %Y}"
    says += f", SHA-256 {fingerprint_of(path)}"
    if handed != signs:
        says += ": another one than the gate signs with"
    elif known is None:
        says += ": no fingerprint is kept of it"
    fit = handed == signs and known is not None and ends - datetime.now(UTC) > SOON
    yield Finding("ca", fit, says)


def signing_key(settings: Settings) -> Iterator[Finding]:
    """Nothing can be changed, and after a restart nothing proven, without the key that signed the rest."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from schoolgate.wiring import CHANGE_LOG_KEY, KEYS

    path = settings.state / KEYS / CHANGE_LOG_KEY
    if not settings.state.exists():
        return  # another finding
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        yield Finding("signing key", False, f"{path} is missing: no change can be signed, and no api starts")
        return
    except (OSError, ValueError, TypeError) as error:
        yield Finding("signing key", False, f"{path} cannot be read: {type(error).__name__}")
        return
    if not isinstance(key, Ed25519PrivateKey):
        yield Finding("signing key", False, f"{path} is no Ed25519 key")
        return
    other = [*_other_copies(settings, key.public_key()), *_not_signed(settings, key.public_key())]
    says = f"{path} is another key than {', and than '.join(other)}" if other else "signs, and has signed"
    yield Finding("signing key", not other, says)


def _other_copies(settings: Settings, key: "Ed25519PublicKey") -> Iterator[str]:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from schoolgate.wiring import CHANGE_LOG_PUBLIC, KEYS

    for folder in (KEYS, "bundle"):
        try:
            public = (settings.state / folder / CHANGE_LOG_PUBLIC).read_bytes()
            same = load_pem_public_key(public) == key
        except FileNotFoundError:
            continue  # written by the api at its start
        except ValueError:
            same = False
        if not same:
            yield f"the one that gates trust ({folder}/{CHANGE_LOG_PUBLIC})"


def _not_signed(settings: Settings, key: "Ed25519PublicKey") -> Iterator[str]:
    from audit_log.checkpoint import NoteError, checkpoints, read_note
    from schoolgate.doctor_database import looked_at

    with looked_at(settings, "checkpoint") as conn:
        newest = checkpoints(conn, limit=1) if conn else []
    for each in newest:
        try:
            ours = read_note(each.note).is_signed_by(key)
        except NoteError:
            ours = False
        if not ours:
            yield f"the one that signed the change log up to entry {each.size}"


def console_certificate(settings: Settings) -> Iterator[Finding]:
    """As the api loads it; and the gate makes it anew in time."""
    from schoolgate.console_tls import faults_of

    path = settings.console_tls
    if not path.exists():
        says = f"{path} is missing; schoolgate run, or the gate, makes it"
        if settings.state.exists():
            yield Finding("console certificate", not settings.serves_tls, says, warns=True)
        return
    faults = faults_of(settings, datetime.now(UTC) + SOON)
    says = f"{path} {'; and it '.join(faults)}" if faults else f"{path} is whole, and of the school's CA"
    yield Finding("console certificate", not faults, says)


def private_keys(settings: Settings) -> tuple[Path, ...]:
    """What nobody else may read."""
    from proxy_addon.ca_check import FOLDER, KEY_AND_CERTIFICATE
    from schoolgate.wiring import CHANGE_LOG_KEY, KEYS

    return (settings.state / KEYS / CHANGE_LOG_KEY, settings.state / FOLDER / KEY_AND_CERTIFICATE)
