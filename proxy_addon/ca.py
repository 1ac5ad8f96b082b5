"""The school's own certificate authority, with which the gate shows its pages inside HTTPS.

Made once, in `state/ca`, under the names that mitmproxy looks for, and never silently again: every device of
the school trusts it. Its fingerprint is kept outside its folder, so that a lost or another one is noticed
(ca_check.py). An elliptic key: its leaf certificates share it, and each handshake costs a tenth of what RSA
costs. The key never leaves this folder, mode 0600.

The file with key and certificate is written first, and whole or not at all; what else there is follows from
it. So a start that was killed in the middle is finished by the next one, with the same authority.
"""

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proxy_addon.ca_check import KEY_AND_CERTIFICATE, CaFault, check_ca, recorded
from proxy_addon.school_trust import CERTIFICATE, FINGERPRINT, FOLDER

VALID_DAYS = 730


def ensure_ca(state: Path, now: datetime.datetime) -> Path:
    """The certificate that devices must trust; made when there never was one. `now` is aware UTC.

    Raises CaFault where there was another one, or where the one that is here cannot be used.
    """
    folder, known = state / FOLDER, recorded(state)
    certificate = folder / CERTIFICATE
    if not (folder / KEY_AND_CERTIFICATE).exists():
        if known is not None or certificate.exists():
            raise CaFault(folder, ["is missing" if known else "holds a certificate and no key"])
        _make_files(folder, now)
    pem = check_ca(folder, known, now)
    if not certificate.exists():
        _write(certificate, pem, 0o644)
    if known is None:
        digest = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()
        _write(state / FINGERPRINT, f"{digest}\n".encode("ascii"), 0o644)
    return certificate


def _make_files(folder: Path, now: datetime.datetime) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, ca = _make(now)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(folder / KEY_AND_CERTIFICATE, secret + ca.public_bytes(serialization.Encoding.PEM), 0o600)


def _make(now: datetime.datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Schoolgate"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Schoolgate school CA {serial % 0xFFFFFF:06x}"),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(serial)
        .public_key(key.public_key())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_key_usage(), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _key_usage() -> x509.KeyUsage:
    """It signs certificates, and its key is also that of the leaves it signs."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)  # what a start that was killed left behind, whatever its mode
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    at = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(at)
    finally:
        os.close(at)
