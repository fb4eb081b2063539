"""An OTLP/HTTP receiver on loopback that keeps the bodies it is sent, for captures and for tests of the drivers."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Received(NamedTuple):
    path: str
    content_type: str
    encoding: str
    body: bytes  # after decompression


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_POST(self):
        encoding = self.headers.get("Content-Encoding", "identity")
        body = self.read_body()
        if encoding == "gzip":
            body = gzip.decompress(body)
        content_type = self.headers["Content-Type"]
        with self.server.lock:
            self.server.received.append(Received(self.path, content_type, encoding, body))
        answer = b"{}" if "json" in content_type else b""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Receiver:
    """`with Receiver() as receiver:` serves; `receiver.received` is what came, in order of arrival."""

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.received, self.server.lock = [], threading.Lock()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def received(self):
        with self.server.lock:
            return list(self.server.received)
