#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hosts in front of one registry, each on a port of its own, that log what they are asked. Prints "NAME PORT" lines, then
"ready".

Usage: logging_hosts.py REGISTRY LOG NAME=KIND...
KIND: plain (http), tls:CERT:KEY, tls:CERT:KEY:CLIENT_CA (wants a client certificate), missing (404 to all), broken (503)
Log: NAME METHOD PATH?QUERY X-TEST-HEADER AUTHORIZATION-SCHEME
"""
import http.client
import http.server
import ssl
import sys
import threading

registry, log_file = sys.argv[1:3]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        # A client that begins with TLS learns that this is plain HTTP, as registries written in Go tell it.
        if self.server.kind != "tls" and self.rfile.peek(1)[:1] == b"\x16":
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            self.close_connection = True
            return
        super().handle_one_request()

    def answer(self):
        authorization = self.headers.get("Authorization", "-").split(" ")[0]
        with lock, open(log_file, "a", encoding="utf-8") as log:
            log.write(f"{self.server.name} {self.command} {self.path} {self.headers.get('X-Test', '-')} {authorization}\n")
        kind = self.server.kind
        if kind in ("missing", "broken"):
            self.reply(404 if kind == "missing" else 503, {}, b"{}")
            return
        path = self.path
        for prefix in ("/special/", "/some/path/v2/"):  # an API root that is none, and a path before the usual one
            if path.startswith(prefix):
                path = "/v2/" + path[len(prefix):]
        upstream = http.client.HTTPConnection(registry)
        upstream.request(self.command, path, headers={"Accept": ", ".join(self.headers.get_all("Accept", ["*/*"]))})
        response = upstream.getresponse()
        headers = {k: v for k, v in response.getheaders() if k in ("Content-Type", "Docker-Content-Digest", "Content-Length")}
        self.reply(response.status, headers, response.read())

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = answer


for argument in sys.argv[3:]:
    name, kind = argument.split("=", 1)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.name = name
    server.kind = kind.split(":")[0]
    if server.kind == "tls":
        files = kind.split(":")[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[0], files[1])
        if len(files) > 2:
            context.load_verify_locations(files[2])
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(name, server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
