"""The console's certificate: signed by the school's CA, for the names that people reach it by.

Made where the key of the CA is (`schoolgate init`, `schoolgate run`, the gate), used where the console is;
in containers that is a volume between the two, so that nobody but the gate has the key that signs for every
site.
"""

import ipaddress
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schoolgate.settings import Settings
from schoolgate.telling import Failed

log = structlog.get_logger()

VALID = timedelta(days=397)  # browsers take no longer one
RENEWED = timedelta(days=60)  # before its end
LOOKS = 6 * 3600.0  # seconds


def ensure_console_tls(settings: Settings, now: datetime) -> Path:
    """Certificate and key in one file of mode 0600; the CA's certificate beside it. Needs the CA's key."""
    from proxy_addon.ca_check import CERTIFICATE, KEY_AND_CERTIFICATE

    ca_folder, path = settings.state / "ca", settings.console_tls
    names = names_of(settings)
    raw = (ca_folder / KEY_AND_CERTIFICATE).read_bytes()
    ca = x509.load_pem_x509_certificate((ca_folder / CERTIFICATE).read_bytes())
    if _is_fit(path, names, ca, now):
        return path
    signer = serialization.load_pem_private_key(raw, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise Failed("The school's CA has a key of a kind that Schoolgate does not make.")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(names, key, ca, signer, now)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(settings.console_ca, ca.public_bytes(serialization.Encoding.PEM), 0o644)
    _write(path, secret + leaf.public_bytes(serialization.Encoding.PEM), 0o600)
    return path


def names_of(settings: Settings) -> tuple[str, ...]:
    """What it is reached by: as its users do, as it listens, and from this machine."""
    given = [urlsplit(settings.console_url).hostname, settings.api_host, "localhost", "127.0.0.1", "::1"]
    everywhere = {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound
    return tuple(dict.fromkeys(name.lower() for name in given if name and name not in everywhere))


def must_have_console_tls(settings: Settings) -> Path:
    """Where the CA's key is not. Raises Failed when it has not been made."""
    if not settings.console_tls.exists():
        raise Failed(
            f"{settings.console_tls} is missing: the console's certificate is made where the school's CA is.",
            "Start the gate (schoolgate proxy) or schoolgate init first; they make it.",
        )
    return settings.console_tls


def keep_looking(look: Callable[[], object], every: float = LOOKS) -> threading.Event:
    """In a thread of its own, until the event that is returned is set; what fails is told and tried again."""
    enough = threading.Event()

    def run() -> None:
        while not enough.wait(every):
            try:
                look()
            except Exception as fault:  # noqa: BLE001  # told; the certificate still has weeks
                log.error("console.certificate_not_renewed", fault=str(fault))

    threading.Thread(target=run, daemon=True, name="console-tls").start()
    return enough


def faults_of(settings: Settings, now: datetime) -> list[str]:
    """What is wrong with the one that is there, as whoever connects would find it; `it` is the file."""
    try:
        ca = x509.load_pem_x509_certificate(settings.console_ca.read_bytes())
    except (OSError, ValueError):
        return [f"cannot be told from another: {settings.console_ca} holds no certificate"]
    return _faults(settings.console_tls, names_of(settings), ca, now)


def _faults(path: Path, names: tuple[str, ...], ca: x509.Certificate, now: datetime) -> list[str]:
    faults = ["can be read by others: chmod 600"] if path.stat().st_mode & 0o077 else []
    try:
        raw = path.read_bytes()
        leaf, key = x509.load_pem_x509_certificate(raw), serialization.load_pem_private_key(raw, None)
        given = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return [*faults, "is damaged: it holds no certificate with its key"]
    if key.public_key() != leaf.public_key():
        faults.append("has a key that does not fit its certificate")
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        faults.append("is not of the school's CA")
    found = {str(name.value) for name in given}
    if missing := [name for name in names if name not in found]:
        faults.append(f"is not for {', '.join(missing)}")
    if now >= leaf.not_valid_after_utc:
        faults.append(f"is valid until {leaf.not_valid_after_utc:%d %B %Y} only, and was not renewed")
    return faults


def _is_fit(path: Path, names: tuple[str, ...], ca: x509.Certificate, now: datetime) -> bool:
    """What is missing, damaged, of another CA or near its end is made anew."""
    if not path.exists() or _faults(path, names, ca, now + RENEWED):
        return False
    leaf = x509.load_pem_x509_certificate(path.read_bytes())
    given = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in given} == set(names)


def _leaf(
    names: tuple[str, ...],
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Schoolgate console")]))
        .issuer_name(ca.subject)
        .serial_number(x509.random_serial_number())
        .public_key(key.public_key())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(min(now + VALID - timedelta(days=1), ca.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
