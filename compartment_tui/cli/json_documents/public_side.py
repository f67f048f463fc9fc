"""Documents for scripts about domains and maintenance."""

from collections.abc import Iterable

from compartment_tui.cli.json_documents.common import Json, instant, place
from compartment_tui.domain.detail_views import DomainsChecked, DomainView, MaintenanceChange
from compartment_tui.domain.names import EnvironmentKey


def domains_document(views: Iterable[DomainView], key: EnvironmentKey) -> Json:
    """`domain list`."""
    return {"domains": [_domain(view) for view in views], **place(key)}


def checked_document(found: DomainsChecked, key: EnvironmentKey) -> Json:
    """`domain check`: the domains as they are now, and what was said on the way."""
    return {**domains_document(found.domains, key), "notes": list(found.notes)}


def maintenance_document(change: MaintenanceChange) -> Json:
    """`maintenance on` and `off`: for which services that changed something."""
    return {
        "maintenance": change.on,
        "engine": change.engine or None,
        "message": change.message or None,
        "services": list(change.services),
        "unchangedServices": list(change.unchanged),
        "urls": list(change.urls),
        **place(change.key),
    }


def _domain(view: DomainView) -> Json:
    order = view.order
    return {
        "host": view.host,
        "serviceName": view.service or None,
        "state": view.state.value,
        "declared": view.declared,
        "redirectsTo": view.elsewhere or None,
        "certificate": view.certificate.value or None,
        "addresses": list(view.addresses),
        "leadsHere": not view.problem,
        "problem": view.problem or None,
        "hint": view.hint or None,
        "certificateUntil": instant(view.until),
        "lastOrder": order and {"at": instant(order.at), "failure": order.failure or None},
    }
