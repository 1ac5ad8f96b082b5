"""The school's certificate authority: made once, and never silently again.

Every device of the school trusts it; a new one made by accident would break them all. `proxy_addon/ca.py`
makes it, and refuses a lost one or another; here it is told to people, and put where it can be handed out.
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
    from proxy_addon.ca import ensure_ca
    from proxy_addon.ca_check import CaFault

    try:
        certificate = ensure_ca(state, now)
    except CaFault as fault:
        raise Failed(*fault.lines) from None
    shutil.copyfile(certificate, state / FOLDER / PUBLIC)
    return state / FOLDER / PUBLIC


def check_school_ca(state: Path, now: datetime) -> None:
    """For whoever does not sign with it but may see it: where the folder holds something, that must be the
    school's CA. Makes and writes nothing. Raises Failed."""
    from proxy_addon.ca_check import CaFault, check_ca, recorded

    folder = state / FOLDER
    try:
        if any(folder.iterdir()):  # else it is another service's, and not to be seen here (compose)
            check_ca(folder, recorded(state), now)
    except FileNotFoundError:
        return
    except CaFault as fault:
        raise Failed(*fault.lines) from None


def fingerprint_of(certificate: Path) -> str:
    """SHA-256, as people compare it."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex()
