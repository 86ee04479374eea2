"""Saved tables come back as they were, alone or as the shards of a log."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from subak.analytics.facts.gather import Options, gather
from subak.analytics.facts.saved import NEEDED, is_saved
from subak.analytics.privacy.epochs import derive
from subak.errors import StoreFailed

KEYS = derive(b"k" * 32, "2026-10")
LINES = [
    f'{client} - {user} [05/Oct/2026:08:00:{second:02} +0000] "{method} {path} HTTP/1.1" {status} 100 "-" "{agent}"\n'
    for second, (client, user, method, path, status, agent) in enumerate(
        [
            ("192.0.2.1", "-", "GET", "/packages/aa/bb/cc/demo_pkg-1.4.0-py3-none-any.whl", 200, "uv/0.9.9"),
            ("192.0.2.1", "-", "GET", "/simple/demo-pkg/", 200, "uv/0.9.9"),
            ("192.0.2.1", "-", "HEAD", "/simple/demo-pkg/", 304, "pip/25.0"),
            ("2001:db8::1", "jo", "GET", "/simple/demo-pkg/", 200, "uv/0.9.8"),
            ("2001:db8::2", "-", "GET", "/@s/left-pad/-/left-pad-1.3.0.tgz", 200, "npm/11.0.0 node/v22.3.0 linux x64"),
            ("192.0.2.9", "-", "GET", "/wp-login.php", 404, ""),
            ("192.0.2.9", "-", "POST", "/@s/left-pad/-/left-pad-1.3.0.tgz", 405, ""),
        ]
    )
]
PICTURE = """
    SELECT f."at", c.name, n.name, o.name, o.grade, s.software, s.purpose, a.* EXCLUDE (agent), f.ecosystem, f.kind,
        i.purl, i.version, i.key, d.key, p.purl, f.method, f.status, f.sent, f.cache::VARCHAR
    FROM facts f LEFT JOIN clients c USING (client) LEFT JOIN networks n ON f.network = n.network
    LEFT JOIN consumers o ON f.consumer = o.consumer JOIN streams s USING (stream) JOIN agents a ON f.agent = a.agent
    LEFT JOIN items i USING (item) LEFT JOIN documents d USING (document)
    LEFT JOIN packages p ON f.package = p.package"""


def picture(sources: list[Path], save: Path | None = None, **options: float) -> Counter[tuple[object, ...]]:
    with gather([str(source) for source in sources], Options(KEYS, **options)) as analysis:  # type: ignore[arg-type]
        if save:
            save.mkdir()
            for name in NEEDED:
                analysis.engine.execute(f"COPY {name} TO '{save / name}.parquet' (FORMAT parquet)")
        return Counter(analysis.engine.execute(PICTURE).fetchall())


def test_a_log_and_its_shards(tmp_path: Path) -> None:
    log, first, rest = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "c.log"
    log.write_text("".join(LINES))
    first.write_text("".join(LINES[::2]))
    rest.write_text("".join(LINES[1::2]))
    whole = picture([log], tmp_path / "whole")
    picture([first], tmp_path / "first")
    picture([rest], tmp_path / "rest")
    assert len(whole) == len(LINES)
    assert is_saved(tmp_path / "whole")
    assert picture([tmp_path / "whole"]) == whole
    assert picture([tmp_path / "rest", tmp_path / "first"]) == whole
    assert picture([tmp_path / "first", rest]) == whole


def test_the_window(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(LINES))
    whole = picture([log], tmp_path / "whole")
    start = min(row[0] for row in whole)
    assert isinstance(start, float)
    got = picture([tmp_path / "whole"], since=start + 2, until=start + 4)
    assert sorted(row[0] for row in got) == [start + 2, start + 3]


def test_a_folder_that_lacks_something_is_told(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(LINES))
    picture([log], tmp_path / "saved")
    (tmp_path / "saved" / "items.parquet").unlink()
    with pytest.raises(StoreFailed, match="lacks items"):
        picture([tmp_path / "saved"])
    (tmp_path / "saved" / "items.parquet").write_bytes(b"nothing")
    with pytest.raises(StoreFailed, match="cannot be read"):
        picture([tmp_path / "saved"])
