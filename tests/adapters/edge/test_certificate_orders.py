"""What the edge tells of its certificates."""

from datetime import UTC, datetime

from compartment_tui.adapters.docker.edge.certificate_orders import certificates, failures

METRICS = """\
# HELP traefik_tls_certs_not_after Certificate expiration timestamp
traefik_tls_certs_not_after{cn="",sans="one.test,www.one.test",serial="1"} 1.7e+09
traefik_tls_certs_not_after{cn="",sans="one.test",serial="2"} 1.8e+09
traefik_tls_certs_not_after{cn="*.wild.test",sans="",serial="3"} 1.75e+09
traefik_config_reloads_total 12
"""

REFUSED = (
    '2026-11-29T10:00:00Z ERR Unable to obtain ACME certificate for domains error="unable to'
    " generate a certificate for the domains [bad.test]: error: one or more domains had a problem:"
    "\\n[bad.test] acme: error: 400 :: urn:ietf:params:acme:error:connection :: Fetching"
    ' http://bad.test/.well-known/x: connection refused, url: \\n" ACME CA=https://ca/dir'
    ' acmeCA=https://ca/dir domains=["bad.test"] providerName=le.acme'
)


def test_the_latest_end_of_each_name_counts() -> None:
    found = certificates(METRICS)
    assert found["one.test"] == datetime.fromtimestamp(1.8e9, UTC)
    assert found["www.one.test"] == datetime.fromtimestamp(1.7e9, UTC)
    assert "*.wild.test" in found


def test_a_failed_order_is_told_in_the_words_of_the_authority() -> None:
    why = failures([REFUSED, "INF something else about bad2.test"])
    assert why == {
        "bad.test": "Fetching http://bad.test/.well-known/x: connection refused (connection)"
    }


def test_a_reason_without_a_known_form_is_still_told() -> None:
    line = (
        'ERR Unable to obtain ACME certificate for domains error="get dir: EOF" domains=["x.test"]'
    )
    assert failures([line]) == {"x.test": "get dir: EOF"}


def test_the_order_of_one_host_at_a_closed_port() -> None:
    line = (
        '2026-11-29T12:02:46Z ERR Unable to obtain ACME certificate for domains error="unable to'
        " generate a certificate for the domains [ref.test]: resolver: one or more domains had a"
        " problem: [ref.test: invalid authorization: acme: error: 400 ::"
        ' urn:ietf:params:acme:error:connection :: Get \\"http://ref.test:80/x\\": dial tcp'
        ' 127.0.0.98:80: connect: connection refused]" ACME CA=https://ca/dir'
        ' domains=["ref.test"] providerName=le.acme rule="Host(`ref.test`)"'
    )
    why = 'Get "http://ref.test:80/x": dial tcp 127.0.0.98:80: connect: connection refused'
    assert failures([line]) == {"ref.test": f"{why} (connection)"}
