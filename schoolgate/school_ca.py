"""The school's certificate authority: made once, and never silently again.

Every device of the school trusts it; a new one made by accident would break them all. Its fingerprint is kept
outside its folder, so that a lost folder is noticed.
"""

import shutil
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from schoolgate.telling import Failed

FOLDER = "ca"
FINGERPRINT = "ca.sha256"
PUBLIC = "school-ca.pem"  # what devices are given; holds no key


def ensure_school_ca(state: Path, now: datetime) -> Path:
    """The certificate to hand out. Raises Failed when there was another one here before."""
    from proxy_addon.ca import KEY_AND_CERTIFICATE, ensure_ca

    folder, kept = state / FOLDER, state / FINGERPRINT
    known = kept.read_text(encoding="ascii").strip() if kept.exists() else None
    if known and not (folder / KEY_AND_CERTIFICATE).exists():
        raise Failed(*_lost(folder, kept, "is missing"))
    certificate = ensure_ca(folder, now)
    fingerprint = fingerprint_of(certificate)
    if known and fingerprint != known:
        raise Failed(*_lost(folder, kept, "is another one than the one recorded"))
    if not known:
        kept.write_text(f"{fingerprint}\n", encoding="ascii")
    shutil.copyfile(certificate, folder / PUBLIC)
    return folder / PUBLIC


def fingerprint_of(certificate: Path) -> str:
    """SHA-256, as people compare it."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex()


def _lost(folder: Path, kept: Path, what: str) -> tuple[str, ...]:
    return (
        f"The school's CA in {folder} {what}. Every device trusts the old one, so no new one is made.",
        f"Put the folder back from the backup. If a new CA is really wanted, delete {kept} and start again:",
        "then every device has to be given the new certificate.",
    )
