"""What opens a lab's doors: passwords, certificates and keys, all derived from one random secret a lab.

Nothing but the secret need be stored, and a second plan gives the very same bytes. Transport certificates are valid
from 2000 to 3000, since OpenSSL judges them by the host's clock while the lab lives in its own time; what a
certificate's end means to a device is judged by the lab's clock.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from leaselab.appliance.config import Tls

VALID_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
VALID_UNTIL: Final = datetime(3000, 1, 1, tzinfo=UTC)

_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: a private key is a number from 1 to one less."""


def public_half(private_key: str) -> str:
    """Return the public half of a key in OpenSSH's form, as a line of ``authorized_keys``."""
    key = serialization.load_ssh_private_key(private_key.encode(), password=None).public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


class Credentials:
    """Makes the credentials of one lab.

    Args:
        lab: its name, shown in the authority's certificate.
        secret: 32 random bytes as hex, made once for the lab.
    """

    def __init__(self, lab: str, secret: str) -> None:
        self._lab = lab
        self._secret = bytes.fromhex(secret)

    def word(self, purpose: str) -> str:
        """Return a password or token for one purpose."""
        return self._bytes(purpose).hex()[:32]

    @cached_property
    def authority_certificate(self) -> str:
        """PEM of the lab's certificate authority."""
        return self._authority.public_bytes(serialization.Encoding.PEM).decode()

    @cached_property
    def console_key(self) -> str:
        """The private key that opens every console of the lab, in OpenSSH's form."""
        return _openssh(self._ed25519("console"))

    @cached_property
    def console_public_key(self) -> str:
        """Its public half, as a line of ``authorized_keys``."""
        return public_half(self.console_key)

    def host_key(self, node: str) -> str:
        """Return the SSH host key of a node's console, in OpenSSH's form."""
        return _openssh(self._ed25519(f"ssh-host/{node}"))

    def of_lines(self) -> "Credentials":
        """Return those of the lines between the lab and nodes on other machines; no other certificate opens these."""
        return Credentials(self._lab, self._bytes("lines").hex())

    def tls(self, node: str, *, names: Sequence[str], addresses: Sequence[str] = (), calls: bool = False) -> Tls:
        """Return a node's certificate and key, and the authority to trust.

        Args:
            node: who it is for; also its common name.
            names: DNS names it is reached by.
            addresses: IP addresses it is reached by.
            calls: it is shown by one who calls, not by one who is called.
        """
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if calls else ExtendedKeyUsageOID.SERVER_AUTH
        key = self._p256(f"tls/{node}")
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        certificate = self._sign(
            self._builder(node, key.public_key(), purpose=f"{node}/{','.join([*names, *addresses])}")
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        )
        return Tls(
            certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            authority=self.authority_certificate,
        )

    @cached_property
    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        return self._p256("authority")

    @cached_property
    def _authority_name(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Leaselab authority of {self._lab}")])

    @cached_property
    def _authority(self) -> x509.Certificate:
        public = self._authority_key.public_key()
        return self._sign(
            self._builder("", public, purpose="authority")
            .subject_name(self._authority_name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    def _builder(self, common_name: str, public: ec.EllipticCurvePublicKey, *, purpose: str) -> x509.CertificateBuilder:
        builder = (
            x509.CertificateBuilder()
            .issuer_name(self._authority_name)
            .public_key(public)
            .serial_number(int.from_bytes(self._bytes(f"certificate/{purpose}")[:16], "big") >> 1)
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_UNTIL)
        )
        if not common_name:
            return builder
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]))
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._authority_key.public_key())
        return builder.add_extension(issuer, critical=False)

    def _sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Sign without randomness (RFC 6979), so that the same lab has the same bytes."""
        return builder.sign(self._authority_key, hashes.SHA256(), ecdsa_deterministic=True)

    def _p256(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(self._bytes(purpose) + self._bytes(f"{purpose}/more"), "big")
        return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)

    def _ed25519(self, purpose: str) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self._bytes(purpose))

    def _bytes(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, purpose.encode(), hashlib.sha256)


_SIGNS_CERTIFICATES: Final = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _openssh(key: ed25519.Ed25519PrivateKey) -> str:
    """Write a private key as OpenSSH does. The format pads with random check bytes, which carry nothing."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()
