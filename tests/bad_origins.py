"""Sites over TLS that something is wrong with, each on its own address; none may ever hear a request."""

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schoolgate.demo.authority import ExampleAuthority

Change = Callable[[ssl.SSLContext], None]
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class BadOrigins:
    """`addresses` by what is wrong; `heard`: every byte that came out of TLS."""

    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)


class Bending(ExampleAuthority):
    """Signs also what it should not."""

    def bent(
        self, folder: Path, host: str, *, days: tuple[int, int] = (-1, 30), key: Key | None = None
    ) -> Path:
        key = key or ec.generate_private_key(ec.SECP256R1())
        return _write(folder, host, key, (self._name, self._key), days)


def self_signed(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    return _write(folder, host, key, (_name(host), key), (-1, 30))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(
    folder: Path,
    host: str,
    key: Key,
    signer: tuple[x509.Name, ec.EllipticCurvePrivateKey],
    days: tuple[int, int],
) -> Path:
    begins, ends = (datetime.now(UTC) + timedelta(days=day) for day in days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(host))
        .issuer_name(signer[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer[1], hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{x509.random_serial_number()}.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def old_version(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def weak_keys(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")


def odd_ciphers(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH-AES128-SHA256:@SECLEVEL=0")


@contextlib.contextmanager
def bad_origins(folder: Path, authority: Bending) -> Iterator[BadOrigins]:
    """`WRONG.test` stands for the host of each."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # weak is what it is for
    kinds: dict[str, tuple[Path, Change | None]] = {
        "expired": (authority.bent(folder, "expired.test", days=(-30, -1)), None),
        "early": (authority.bent(folder, "early.test", days=(10, 30)), None),
        "wrong-host": (authority.bent(folder, "elsewhere.test"), None),
        "self-signed": (self_signed(folder, "self-signed.test"), None),
        "unknown-ca": (Bending().bent(folder, "unknown-ca.test"), None),
        "weak-key": (
            authority.bent(folder, "weak-key.test", key=weak),
            weak_keys,
        ),
        "old": (authority.bent(folder, "old.test"), old_version),
        "cipher": (authority.bent(folder, "cipher.test"), odd_ciphers),
    }
    found = BadOrigins()
    with contextlib.ExitStack() as stack:
        for name, (path, change) in kinds.items():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if change is not None:
                change(context)
            context.load_cert_chain(path)
            found.addresses[name] = _serve(stack, found, context)
        found.addresses["cut"] = _serve(stack, found, None)
        found.addresses["no-tls"] = _serve(stack, found, b"HTTP/1.1 400 Bad Request\r\n\r\n")
        yield found


def _serve(
    stack: contextlib.ExitStack, found: BadOrigins, how: ssl.SSLContext | bytes | None
) -> tuple[str, int]:
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    threading.Thread(target=_accept, args=(server, found, how), daemon=True).start()
    host, port = server.getsockname()
    stack.callback(server.shutdown, socket.SHUT_RDWR)
    return host, port


def _accept(server: socket.socket, found: BadOrigins, how: ssl.SSLContext | bytes | None) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client, contextlib.suppress(OSError):
            client.settimeout(5)
            if isinstance(how, ssl.SSLContext):
                with how.wrap_socket(client, server_side=True) as secure:
                    found.heard.append(secure.recv(65536))
            else:
                client.recv(65536)
                client.sendall(how or b"")
