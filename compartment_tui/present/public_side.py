"""Changes of the public side in words: domains, redirects, rules, and how requests are treated."""

from collections.abc import Iterator

from compartment_tui.domain.public_side import (
    CertificateSource,
    Domain,
    PublicChanges,
    Rule,
    Treatment,
)
from compartment_tui.present.text import clean, listed, size

_CERTIFICATES = {
    CertificateSource.NONE: "http only",
    CertificateSource.OWN: "https, with a certificate of the project's own",
    CertificateSource.ACME: "https: its certificate is ordered once the domain leads here",
    CertificateSource.STAGING: "https, for trying: a certificate that browsers do not believe",
}


def change_rows(changes: PublicChanges) -> Iterator[tuple[str, str]]:
    """A name and a text for each thing that will be different."""
    for domain in changes.added:
        yield "domain", f"+ {domain_words(domain)}"
    for domain in changes.removed:
        yield "domain", f"- {domain.host}: answers no longer"
    for rule in changes.rules_added:
        yield "rule", f"+ {rule_words(rule)}"
    for rule in changes.rules_removed:
        yield "rule", f"- {rule_words(rule)}"
    for treatment in changes.treated:
        words = tuple(treatment_words(treatment))
        said = listed(words) if words else "everybody gets through as ever"
        yield "visitors", f"{treatment.host}: {said}"


def domain_words(domain: Domain) -> str:
    """`shop.test: https, with …`."""
    if domain.elsewhere:
        return f"{domain.host} → {domain.elsewhere}"
    return f"{domain.host}: {_CERTIFICATES[domain.certificate]}"


def rule_words(rule: Rule) -> str:
    """`shop.localhost/api/* → api-shop.localhost, without /api`."""
    methods = f"{', '.join(rule.methods)} " if rule.methods else ""
    seen = ""
    if rule.strip:
        seen = f", without {rule.strip}"
    elif rule.replace:
        seen = f", as {rule.replace}"
    elif rule.rewrite:
        seen = f", as {rule.rewrite}"
    return f"{methods}{rule.on}{rule.path} → {rule.to}{seen}"


def treatment_words(treatment: Treatment) -> Iterator[str]:
    """What meets a request, one after the other."""
    access, traffic = treatment.access, treatment.traffic
    if treatment.hidden:
        yield "only its domains are served"
    if access.users:
        yield f"password of {listed(clean(name) for name, _ in access.users)}"
    if access.allow:
        yield f"only from {listed(access.allow)}"
    if traffic.requests_per_second is not None:
        yield f"{traffic.requests_per_second} requests a second"
    if traffic.in_flight is not None:
        yield f"{traffic.in_flight} at once"
    if traffic.body is not None:
        yield f"bodies up to {size(traffic.body)}"
    if traffic.headers:
        yield f"headers {listed(clean(name) for name, _ in traffic.headers)}"
    if traffic.hsts is not None:
        yield f"browsers keep to https for {traffic.hsts // 86400} d"
    if treatment.maintenance:
        yield "maintenance"
