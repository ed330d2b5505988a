#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A timestamp authority for tests: RFC 3161 over HTTP on 127.0.0.1, by `openssl ts`.

timestamp_authority.py PORT FOLDER: the folder has signer.pem, certs.pem and key.pem; a file "ready" says that it listens.
"""
import http.server
import pathlib
import subprocess
import sys

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {0}/serial
signer_cert = {0}/signer.pem
certs = {0}/certs.pem
signer_key = {0}/key.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.2
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Handler(http.server.BaseHTTPRequestHandler):
    folder = pathlib.Path()

    def do_POST(self):
        query = self.folder / "query"
        query.write_bytes(self.rfile.read(int(self.headers["content-length"])))
        done = subprocess.run(["openssl", "ts", "-reply", "-config", self.folder / "config", "-queryfile", query],
                              capture_output=True, check=False)
        sys.stderr.buffer.write(done.stderr)
        self.send_response(200 if done.returncode == 0 else 500)
        self.send_header("content-type", "application/timestamp-reply")
        self.send_header("content-length", str(len(done.stdout)))
        self.end_headers()
        self.wfile.write(done.stdout)


def main():
    Handler.folder = pathlib.Path(sys.argv[2])
    (Handler.folder / "config").write_text(CONFIG.format(Handler.folder))
    (Handler.folder / "serial").write_text("01\n")
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    (Handler.folder / "ready").touch()
    server.serve_forever()


main()
