"""The certificates that visitors of the edge are shown, asked for as a visitor would."""

import socket
import ssl
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime

from compartment_tui.domain.public_side import covers

PATIENCE_SECONDS = 2.0


def ends(address: str, port: int, hosts: Collection[str]) -> Mapping[str, datetime]:
    """By host, until when its certificate is good; a host that is shown another's is left out."""
    found = {}
    for host in hosts:
        with suppress(OSError, ValueError):
            until = _end(address, port, host)
            if until is not None:
                found[host] = until
    return found


def _end(address: str, port: int, host: str) -> datetime | None:
    from cryptography import x509

    context = ssl.create_default_context()
    # It is looked at, not believed: whether others believe it depends on what they know.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        return None
    certificate = x509.load_der_x509_certificate(shown)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    known = names.value.get_values_for_type(x509.DNSName)
    return certificate.not_valid_after_utc if any(covers(one, host) for one in known) else None
