"""Is the authority in this folder the school's, and can it be used? Every fault at once, and what to do."""

import datetime
import re
import stat
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization

from proxy_addon.school_trust import CERTIFICATE as CERTIFICATE
from proxy_addon.school_trust import FINGERPRINT as FINGERPRINT
from proxy_addon.school_trust import FOLDER as FOLDER

KEY_AND_CERTIFICATE = "mitmproxy-ca.pem"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class CaFault(Exception):
    """Nothing starts with it. `faults`: what is wrong with it; `lines`: for the person at the keyboard."""

    def __init__(self, folder: Path, faults: list[str]) -> None:
        self.faults = tuple(faults)
        kept = folder.parent / FINGERPRINT
        self.lines = (
            f"The school's CA in {folder} {'; and it '.join(faults)}. Every device trusts the one that was "
            "made first, so no new one is made.",
            f"Put the folder back from the backup. If a new CA is really wanted, empty it, delete {kept} and "
            "start again:",
            "then every device has to be given the new certificate.",
        )
        super().__init__("\n".join(self.lines))


def recorded(state: Path) -> str | None:
    """The fingerprint of the one that was made; None when none was. Raises CaFault."""
    try:
        text = (state / FINGERPRINT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        text = ""
    if not _DIGEST.fullmatch(text):
        raise CaFault(state / FOLDER, [f"cannot be told from another: {FINGERPRINT} holds no fingerprint"])
    return text


def check_ca(folder: Path, known: str | None, now: datetime.datetime) -> bytes:
    """The certificate, as PEM. Raises CaFault."""
    path = folder / KEY_AND_CERTIFICATE
    try:
        raw, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise CaFault(folder, [f"cannot be read ({error.strerror})"]) from None
    faults = ["has a key that others can read: chmod 600"] if mode & 0o077 else []
    try:
        key = serialization.load_pem_private_key(raw, None)
        certificate = x509.load_pem_x509_certificate(raw)
    except (ValueError, TypeError):
        raise CaFault(folder, [*faults, "is half written or damaged"]) from None
    if key.public_key() != certificate.public_key():
        faults.append("has a key that does not fit its certificate")
    faults += _certificate_faults(certificate, now)
    if known is not None and certificate.fingerprint(hashes.SHA256()).hex() != known:
        faults.append("is another one than the one recorded")
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    faults += _copy_faults(folder / CERTIFICATE, certificate)
    if faults:
        raise CaFault(folder, faults)
    return pem


def _certificate_faults(certificate: x509.Certificate, now: datetime.datetime) -> list[str]:
    found = []
    if now >= certificate.not_valid_after_utc:
        found.append(f"expired on {certificate.not_valid_after_utc:%d %B %Y}")
    if now < certificate.not_valid_before_utc:
        found.append(f"is not valid before {certificate.not_valid_before_utc:%d %B %Y}: look at the clock")
    try:
        certificate.verify_directly_issued_by(certificate)
        signs = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        signs = False
    return found if signs else [*found, "is no authority that signed itself"]


def _copy_faults(path: Path, certificate: x509.Certificate) -> list[str]:
    """The copy without the key may be missing: it is written anew."""
    try:
        same = x509.load_pem_x509_certificate(path.read_bytes()) == certificate
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        same = False
    return [] if same else [f"has another certificate in {path.name} than beside its key"]
