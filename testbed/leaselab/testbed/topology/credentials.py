"""What opens a lab's doors: certificates, SSH keys, passwords, all from one random secret that the lab keeps.

Certificates are valid from 2000 to 3000: TLS looks at this machine's clock, never at the lab's. P-256 for TLS, since
browsers take no Ed25519 there; Ed25519 for SSH. The same secret gives the same keys; signatures and OpenSSH's text of
a key have chance in them, so a plan takes these over from the plan before it.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from leaselab.appliance.config import Tls
from leaselab.testbed.topology.identities import derive

VALID_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
VALID_TO: Final = datetime(3000, 1, 1, tzinfo=UTC)
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PASSWORD_BYTES: Final = 10
_MAX_COMMON_NAME: Final = 64
_SERIAL_BYTES: Final = 16


class Authority(NamedTuple):
    """The lab's certificate authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Its certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def fresh_secret() -> str:
    """Return a new lab's secret: 32 random bytes as hex. The one place where chance comes into a plan."""
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def password(secret: str, *purpose: str) -> str:
    """Return a password of 16 letters and digits."""
    return base64.b32encode(derive(secret, "password", *purpose)[:_PASSWORD_BYTES]).decode().lower()


def ssh_key(secret: str, *purpose: str) -> str:
    """Return a private key as OpenSSH writes it."""
    key = Ed25519PrivateKey.from_private_bytes(derive(secret, "ssh", *purpose))
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public_ssh_key(secret: str, *purpose: str) -> str:
    """Return the line for ``authorized_keys`` that goes with :func:`ssh_key`."""
    key = Ed25519PrivateKey.from_private_bytes(derive(secret, "ssh", *purpose))
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def authority(secret: str, lab: str, certificate: str | None = None) -> Authority:
    """Return the lab's certificate authority.

    Args:
        secret: the lab's.
        lab: its name, for people who look at the certificate.
        certificate: PEM of the certificate made before, if there is one.
    """
    key = _p256(secret, "authority")
    if certificate is not None:
        return Authority(key, x509.load_pem_x509_certificate(certificate.encode()))
    name = _name(f"Leaselab {lab} CA")
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _builder(name, key, secret, "authority")
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, made)


def tls(secret: str, node: str, *, names: Iterable[str], addresses: Iterable[str], signed_by: Authority) -> Tls:
    """Return a device's certificate and key, for its names and addresses."""
    key = _p256(secret, "tls", node)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(names)]
    alternatives += [x509.IPAddress(ip_address(address)) for address in addresses]
    issuer = signed_by.certificate
    issuer_key = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    made = (
        _builder(_name(node), key, secret, "tls", node)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(signed_by.key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Tls(certificate=made.public_bytes(Encoding.PEM).decode(), key=private, authority=signed_by.pem)


def _p256(secret: str, *purpose: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(derive(secret, "p256", *purpose) + derive(secret, "p256 more", *purpose))
    return ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_MAX_COMMON_NAME])])


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, secret: str, *purpose: str
) -> x509.CertificateBuilder:
    public = key.public_key()
    serial = int.from_bytes(derive(secret, "certificate serial", *purpose)[:_SERIAL_BYTES])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(serial | 1)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
