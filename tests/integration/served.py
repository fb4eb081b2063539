"""A `keel serve` that a test started: on a free loopback port, with a database of its own."""

import json
import os
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path


class Server:
    """start() returns when it listens; the port stays the same over restarts."""

    def __init__(self, keel_bin, database, folder, *options):
        self.database = database
        self.log = Path(folder, "keel-serve.log")
        self.port = 0
        self.process = None
        self._command = [keel_bin, "serve", "--db", database.url, "--json", *map(str, options)]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def start(self, timeout=30):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "--port", str(self.port)], stdout=subprocess.PIPE, stderr=log
            )
        self.port = self._announced(time.monotonic() + timeout)["port"]
        return self

    def start_and_kill(self, after_s):
        """Starts it, and kills it after so many seconds, listening or not yet."""
        with open(self.log, "ab") as log:
            command = [*self._command, "--port", str(self.port)]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        time.sleep(after_s)
        self.kill()

    def _announced(self, deadline):
        text = b""
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                self.kill()
                raise AssertionError(f"keel serve did not start: {text!r}\n{self.log_text()}")
            text += piece
            try:
                return json.loads(text)
            except json.JSONDecodeError:
                continue

    def stop(self, timeout=60):
        """SIGTERM, and the exit status: 0 when it drained its queue and ended by itself."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        finally:
            self._reap()

    def kill(self):
        """SIGKILL: what was not on disk is gone."""
        self.process.kill()
        self.process.wait()
        self._reap()

    def _reap(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def log_text(self):
        return self.log.read_text(errors="replace")

    def get(self, path, timeout=120):
        """What the API answers to GET, from JSON; anything but 2xx raises."""
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            return json.load(answer)

    def status(self, path, timeout=120):
        """The status of a GET; its answer is read and dropped."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
                while answer.read(1 << 20):
                    pass
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def items(self, path):
        """All items of a paged list, page by page."""
        after = ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}after={after}" if after else path)
            yield from page["items"]
            after = page["next"]
            if not after:
                return

    def post(self, path, body, content_type="application/json", timeout=120, **headers):
        """(status, body) of a POST, whatever the status."""
        headers = {"Content-Type": content_type} | {k.replace("_", "-"): v for k, v in headers.items()}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def memory_bytes(self, what="VmHWM"):
        """Resident memory from /proc: VmHWM is the most it ever was, VmRSS what it is now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {what} in /proc/{self.pid}/status")
