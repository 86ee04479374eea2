"""A stand-in for `subak serve`: answers what `subak run` asks, and writes down how it was started and stopped."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SUMMARY = {"overall": {"requests": 14, "outside_requests_avoided": 12, "bytes_spared": 34_200_000}}
STATUS = {
    "status": "ok",
    "upstreams": {"sample": {"url": "https://registry.example/a/", "problem": ""}, "none": {"url": ""}},
}


class Handler(BaseHTTPRequestHandler):
    """Says what Subak would say, or what something else would."""

    ours = True

    def do_GET(self) -> None:
        body = json.dumps(SUMMARY if "stats" in self.path else STATUS).encode()
        self.send_response(200)
        if self.ours:
            self.send_header("x-subak-cache", "own")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class Stranger(Handler):
    """Something else that listens."""

    ours = False


def main() -> None:
    """Serve until SIGTERM; the diary names the environment at the start and 'stopped' at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--diary", type=Path, required=True)
    parser.add_argument("--refuse", action="store_true")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    asked = parser.parse_args()
    if asked.refuse:
        sys.exit("error: the data folder is on the moon")
    server = ThreadingHTTPServer((asked.host, asked.port), Handler)

    def stop(*_: object) -> None:
        with asked.diary.open("a") as diary:
            diary.write("stopped\n")
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    with asked.diary.open("a") as diary:
        diary.write(json.dumps({"port": asked.port, "environ": dict(os.environ)}) + "\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
