"""TLS as devices speak it: contexts made from PEM texts, and certificate errors in words a QA engineer can act on.

Whether a certificate has expired is asked of the lab's clock, as everything is: OpenSSL would ask the host's, so it is
told not to look, and :func:`validity_error` looks instead (CLT-03).
"""

import os
import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from leaselab.appliance.config import Tls
from leaselab.appliance.instants import SECOND, Instant, format_instant

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no weak suites to leave out."""

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL 1.1 and later; Python has no name for it."""

_VALID_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
_VALID_UNTIL: Final = datetime(2999, 12, 31, tzinfo=UTC)
"""Wider than any lab's time: this certificate is wrong in one way only."""

_UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21, 24, 26, 79})
"""X509_V_ERR_ codes that all mean: no way from this certificate to the authority we trust."""

_WRONG_NAME: Final = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def server_context(tls: Tls) -> ssl.SSLContext:
    """Return the context a device listens with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 1  # OpenSSL sends two after each handshake; nobody here resumes twice
    use_certificate(context, tls)
    return context


def use_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    """Load a certificate and its key into a context, also a live one: handshakes from now on show it."""
    # OpenSSL reads a key only from a file; this one is ours alone (0600) and gone at once.
    handle, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{tls.key.rstrip()}\n{tls.certificate}")
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()


def hold_to(context: ssl.SSLContext, version: str) -> None:
    """Take handshakes of this version of TLS and later ones from now on, e.g. ``1.3``; also in a live context."""
    context.minimum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]


def untrusted(name: str) -> Tls:
    """Return a certificate for a name that nobody has signed but its own key, as an impostor's is."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_VALID_FROM).not_valid_after(_VALID_UNTIL)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Tls(certificate=certificate, key=private.decode(), authority="")


@lru_cache(maxsize=64)
def client_context(authority: str, *, verify: bool) -> ssl.SSLContext:
    """Return the context for calling peers. All devices of a process that trust one authority share it.

    Args:
        authority: PEM text of the certificates to trust; the host's own store is never asked.
        verify: whether the peer's certificate must lead to one of them and be for its name (CLT-03).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context)
    if verify:
        context.load_verify_locations(cadata=authority)
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])


def validity_error(certificate: Mapping[str, Any], now: Instant) -> str:
    """Say how a verified certificate is out of its time on the lab's clock; empty when it is not.

    Args:
        certificate: what ``getpeercert()`` returned.
        now: the lab's time.
    """
    starts = ssl.cert_time_to_seconds(certificate["notBefore"]) * SECOND
    ends = ssl.cert_time_to_seconds(certificate["notAfter"]) * SECOND
    if now < starts:
        return f"its certificate is not valid before {format_instant(starts)}"
    if now > ends:
        return f"its certificate expired {format_instant(ends)}"
    return ""


def explain(error: ssl.SSLError, host: str) -> str:
    """Say in words why a TLS connection to ``host`` failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _UNTRUSTED:
            return "its certificate is not trusted: it was not issued by the authority this device trusts"
        if error.verify_code in _WRONG_NAME:
            return f"its certificate is for another name than {host}"
        return f"its certificate is not valid: {error.verify_message}"
    return f"no TLS connection: {error.reason or error}"
