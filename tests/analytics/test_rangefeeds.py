"""The published lists of prefixes, in the shapes that their owners give them."""

from __future__ import annotations

from datetime import date

import pytest

from subak.analytics.rangefeeds import Row, dated, feed
from subak.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "text", "rows", "made"),
    [
        (
            "ip-ranges.json",
            """{"syncToken": "1", "createDate": "2026-11-01-02-03-04", "prefixes": [
              {"ip_prefix": "240.1.0.0/16", "region": "r", "service": "AMAZON", "network_border_group": "r"},
              {"ip_prefix": "240.1.0.0/16", "region": "r", "service": "CLOUDFRONT", "network_border_group": "r"}],
              "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "r", "service": "EC2"}]}""",
            [
                Row("240.1.0.0/16", "aws", "cdn-relay"),
                Row("240.1.0.0/16", "aws", "hyperscaler"),
                Row("2001:db8::/32", "aws", "hyperscaler"),
            ],
            date(2026, 11, 1),
        ),
        (
            "cloud.json",
            """{"syncToken": "1", "creationTime": "2026-11-02T00:00:00.0", "prefixes": [
              {"ipv4Prefix": "240.2.0.0/16", "service": "Google Cloud", "scope": "r"},
              {"ipv6Prefix": "2001:db8:1::/48", "service": "Google Cloud", "scope": "r"}]}""",
            [Row("240.2.0.0/16", "gcp", "hyperscaler"), Row("2001:db8:1::/48", "gcp", "hyperscaler")],
            date(2026, 11, 2),
        ),
        (
            "crawlerbot.json",
            '{"creationTime": "2026-11-02T00:00:00", "prefixes": [{"ipv4Prefix": "240.3.0.0/27"}]}',
            [Row("240.3.0.0/27", "crawlerbot", "hosting")],
            date(2026, 11, 2),
        ),
        (
            "ServiceTags_Public_20261103.json",
            """{"changeNumber": 1, "cloud": "Public", "values": [{"name": "ActionGroup", "id": "ActionGroup",
              "properties": {"changeNumber": 1, "addressPrefixes": ["240.4.0.0/16", "2001:db8:4::/48"]}}]}""",
            [Row("240.4.0.0/16", "azure", "hyperscaler"), Row("2001:db8:4::/48", "azure", "hyperscaler")],
            date(2026, 11, 3),
        ),
        (
            "meta.json",
            """{"verifiable_password_authentication": false, "domains": {"website": []}, "hooks": ["240.5.0.0/24"],
              "actions": ["240.5.1.0/24"], "actions_macos": ["240.5.2.0/24"], "codespaces": ["240.5.3.0/24"]}""",
            [
                Row("240.5.0.0/24", "github", "hosting"),
                Row("240.5.2.0/24", "github", "hosting"),
                Row("240.5.1.0/24", "azure", "hyperscaler"),
                Row("240.5.3.0/24", "azure", "hyperscaler"),
            ],
            None,
        ),
        (
            "public-ip-list.json",
            '{"addresses": ["240.6.0.0/20"], "ipv6_addresses": ["2001:db8:6::/48"]}',
            [Row("240.6.0.0/20", "fastly", "cdn-relay"), Row("2001:db8:6::/48", "fastly", "cdn-relay")],
            None,
        ),
        (
            "ips.json",
            """{"result": {"ipv4_cidrs": ["240.7.0.0/20"], "ipv6_cidrs": ["2001:db8:7::/48"], "etag": "e"},
              "success": true, "errors": [], "messages": []}""",
            [Row("240.7.0.0/20", "cloudflare", "cdn-relay"), Row("2001:db8:7::/48", "cloudflare", "cdn-relay")],
            None,
        ),
        (
            "public_ip_ranges.json",
            """{"last_updated_timestamp": "2026-11-04T00:00:00", "regions":
              [{"region": "r", "cidrs": [{"cidr": "240.8.0.0/16", "tags": ["OCI"]}]}]}""",
            [Row("240.8.0.0/16", "oracle", "hyperscaler")],
            date(2026, 11, 4),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".json") else "",
)
def test_published_shapes(name: str, text: str, rows: list[Row], made: date | None) -> None:
    known = feed(text, name)
    assert known.rows == rows
    assert known.date == made


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"hooks": 1}', '{"prefixes": []}', "[" * 100_000, "{"], ids=lambda text: text[:12]
)
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        feed(text, "x.json")


@pytest.mark.parametrize(
    ("text", "when"),
    [("a-20261101.csv", date(2026, 11, 1)), ("2026-11-01T00", date(2026, 11, 1)), ("20261301", None), ("v1", None)],
)
def test_dates_in_names(text: str, when: date | None) -> None:
    assert dated(text) == when
