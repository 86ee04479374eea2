"""An upstream at the end of a line: every answer begins after a pause and flows at a steady rate. Counts requests.

paced.py FOLDER PORT BYTES_PER_SECOND PAUSE_SECONDS
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, ClassVar

PIECE = 65536
TYPES = {".html": "text/html", ".json": "application/json"}


class Line(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second must not wait for an ACK
    folder: Path
    rate: int
    pause: float
    asked: ClassVar[Counter[str]] = Counter()
    counting = threading.Lock()

    def do_GET(self) -> None:
        """A file below the folder, or how often one was asked for."""
        if self.path.startswith("/-/count"):
            self._say(200, str(self.asked[self.path.removeprefix("/-/count")]).encode())
            return
        with self.counting:
            self.asked[self.path] += 1
        name = self.path.strip("/")
        simple, npm = name.startswith("simple/"), name.startswith("npm/") and "/-/" not in name
        file = self.folder / (f"{name}/index.html" if simple else f"{name}/packument.json" if npm else name)
        time.sleep(self.pause)
        if not file.is_file():
            self._say(404, b"no such file\n")
            return
        with file.open("rb") as body:
            self._send(body, file.stat().st_size, TYPES.get(file.suffix, "application/octet-stream"))

    def _send(self, body: BinaryIO, size: int, kind: str) -> None:
        self._head(200, size, kind)
        began, sent = time.perf_counter(), 0
        while piece := body.read(PIECE):
            self.wfile.write(piece)
            sent += len(piece)
            ahead = sent / self.rate - (time.perf_counter() - began)
            if ahead > 0.001:  # below that, sleeping is less exact than not sleeping
                time.sleep(ahead)

    def _say(self, status: int, text: bytes) -> None:
        self._head(status, len(text), "text/plain")
        self.wfile.write(text)

    def _head(self, status: int, size: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the counter is the log."""


class Lines(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 1024


def main() -> None:
    """Serve until ended."""
    folder, port, rate, pause = sys.argv[1:5]
    Line.folder, Line.rate, Line.pause = Path(folder), int(rate), float(pause)
    Lines(("127.0.0.1", int(port)), Line).serve_forever()


if __name__ == "__main__":
    main()
