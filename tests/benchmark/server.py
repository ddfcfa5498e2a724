"""nginx on loopback, for as long as a `with` block lasts."""

import re
import socket
import string
import subprocess
import time
import urllib.request
from pathlib import Path

TEMPLATE = Path(__file__).with_name("nginx.conf.in")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Server:
    def __init__(self, work):
        self.work = Path(work)
        self.certificate = self.work / "certificate.pem"
        self.log = self.work / "error.log"
        self.own_requests = 0

    def __enter__(self):
        http, https, http2 = free_ports(3)
        self.urls = {
            "HTTP/1.1": f"http://127.0.0.1:{http}",
            "HTTPS": f"https://127.0.0.1:{https}",
            "HTTP/2": f"https://127.0.0.1:{http2}",
        }
        self._make_certificate()
        config = self.work / "nginx.conf"
        template = string.Template(TEMPLATE.read_text())
        config.write_text(
            template.substitute(work=self.work, http=http, https=https, http2=http2)
        )
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-e", self.log, "-c", config])
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def requests_seen(self):
        """How many requests the server has had, those of this function left out."""
        self.own_requests += 1
        with urllib.request.urlopen(self.urls["HTTP/1.1"] + "/requests") as answer:
            counts = re.search(r"^ \d+ \d+ (\d+)", answer.read().decode(), re.MULTILINE)
        return int(counts.group(1)) - self.own_requests

    def _make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", self.work / "key.pem", "-out", self.certificate],
            check=True, capture_output=True,
        )

    def _wait_until_it_answers(self):
        for _ in range(100):
            if self.process.poll() is not None:
                raise RuntimeError("nginx did not start:\n" + self.log.read_text())
            try:
                self.requests_seen()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not answer")
