#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry with the referrers API: docker-registry, which has none, behind a front that adds it.

Usage: referrers_registry.py PORT UPSTREAM_PORT. Passes everything on to 127.0.0.1:UPSTREAM_PORT; remembers manifests
that name a subject, says so by OCI-Subject, and lists them (OCI distribution specification 1.1, "Listing Referrers").
"""
import hashlib
import http.client
import http.server
import json
import re
import sys
import threading

REFERRERS = {}  # (repository, subject) -> descriptors
LOCK = threading.Lock()
INDEX = "application/vnd.oci.image.index.v1+json"


def remember(repository: str, body: bytes) -> str:
    """Notes what `body` refers to; returns the subject's digest, empty if it names none."""
    try:
        manifest = json.loads(body)
        subject = manifest["subject"]["digest"]
    except (ValueError, KeyError, TypeError):
        return ""
    descriptor = {
        "mediaType": manifest.get("mediaType", ""),
        "digest": "sha256:" + hashlib.sha256(body).hexdigest(),
        "size": len(body),
        "artifactType": manifest.get("artifactType") or manifest.get("config", {}).get("mediaType", ""),
        "annotations": manifest.get("annotations", {}),
    }
    with LOCK:
        known = REFERRERS.setdefault((repository, subject), [])
        if all(one["digest"] != descriptor["digest"] for one in known):
            known.append(descriptor)
    return subject


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        # A client that begins with TLS learns that this is plain HTTP, as docker-registry would tell it.
        if self.rfile.peek(1)[:1] == b"\x16":
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            self.close_connection = True
            return
        super().handle_one_request()

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def list_referrers(self, repository, subject):
        with LOCK:
            found = list(REFERRERS.get((repository, subject), []))
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode()
        self.answer(200, [("Content-Type", INDEX), ("Content-Length", str(len(body)))], body)

    def handle_any(self):
        body = self.read_body()
        referrers = re.fullmatch(r"/v2/(.+)/referrers/(sha256:[0-9a-f]{64})(\?.*)?", self.path)
        if referrers and self.command == "GET":
            return self.list_referrers(referrers.group(1), referrers.group(2))
        upstream = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]), timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("transfer-encoding", "content-length")}
        if self.command in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(len(body))
        upstream.request(self.command, self.path, body or None, headers)
        response = upstream.getresponse()
        data = response.read()
        passed = [(k, v) for k, v in response.getheaders() if k.lower() not in ("transfer-encoding", "connection")]
        if self.command != "HEAD" and all(k.lower() != "content-length" for k, _ in passed):
            passed.append(("Content-Length", str(len(data))))
        manifest = re.fullmatch(r"/v2/(.+)/manifests/[^/?]+", self.path)
        if manifest and self.command == "PUT" and response.status == 201:
            subject = remember(manifest.group(1), body)
            if subject:
                passed.append(("OCI-Subject", subject))
        return self.answer(response.status, passed, data)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Front).serve_forever()
