"""The school's own certificate authority, with which the gate shows its pages inside HTTPS.

Made once, in `state/ca`, under the names that mitmproxy looks for. An elliptic key: its leaf certificates
share it, and each handshake costs a tenth of what RSA costs. The key never leaves this folder, mode 0600.
"""

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_AND_CERTIFICATE = "mitmproxy-ca.pem"
CERTIFICATE = "mitmproxy-ca-cert.pem"
VALID_DAYS = 730


def ensure_ca(folder: Path, now: datetime.datetime) -> Path:
    """The certificate that devices must trust; made when there is none. `now` is aware UTC."""
    certificate = folder / CERTIFICATE
    if not (folder / KEY_AND_CERTIFICATE).exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, ca = _make(now)
        pem = ca.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(certificate, pem, 0o644)
        _write(folder / KEY_AND_CERTIFICATE, secret + pem, 0o600)
    return certificate


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
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
