# SPDX-License-Identifier: Apache-2.0
"""A registry that goes wrong in one chosen way: TLS, a token service, ACR's ways (a token without expires_in, blobs by
307 at another address, Retry-After that counts down), one signed image in a chosen layout, and a fault for any kind of
request. Used by tests/fault-matrix."""
import base64
import hashlib
import json
import re
import socket
import ssl
import threading
import time

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
COSIGN_REFERRER = "application/vnd.dev.cosign.artifact.sig.v1+json"


def digest_of(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


class Reply:
    """What goes back: a status line, headers and a body, or bytes of any kind by `raw`."""

    def __init__(self, status=200, body=b"", headers=None, raw=None):
        self.status = status
        self.body = body
        self.headers = dict(headers or {})
        self.raw = raw  # function(connection), instead of all above

    def send(self, connection, head):
        if self.raw is not None:
            self.raw(connection)
            return False
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} X"] + [f"{k}: {v}" for k, v in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head else self.body))
        return True


class Image:
    """One image and its signature manifest, as bytes. `sign` signs bytes and returns base64."""

    def __init__(self, name, sign):
        self.blobs = {}
        self.manifests = {}
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
                             "config": {"Labels": {"name": name}}}).encode()
        self.manifest = self.add_manifest({"schemaVersion": 2, "mediaType": MANIFEST, "config": self.add_blob(
            config, "application/vnd.oci.image.config.v1+json"), "layers": []})
        self.digest = digest_of(self.manifest)
        # Not cosign's usual payload, so that it has to be fetched.
        payload = json.dumps({"critical": {"identity": {"docker-reference": ""},
                                           "image": {"docker-manifest-digest": self.digest},
                                           "type": "cosign container image signature"},
                              "optional": {"made-by": "fault-matrix"}}).encode()
        layer = self.add_blob(payload, SIMPLE_SIGNING)
        layer["annotations"] = {"dev.cosignproject.cosign/signature": sign(payload)}
        config = self.add_blob(b"{}", "application/vnd.oci.image.config.v1+json")
        self.signature = self.add_manifest({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                            "layers": [layer]})
        self.referrer = self.add_manifest({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": COSIGN_REFERRER, "config": config,
            "layers": [layer],
            "subject": {"mediaType": MANIFEST, "digest": self.digest, "size": len(self.manifest)}})

    def add_blob(self, body, media_type):
        self.blobs[digest_of(body)] = body
        return {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}

    def add_manifest(self, document):
        body = json.dumps(document).encode()
        self.manifests[digest_of(body)] = body
        return body

    def referrers(self):
        return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest_of(self.referrer), "size": len(self.referrer),
             "artifactType": COSIGN_REFERRER}]}).encode()


class FaultyRegistry:
    """`layout` is where the signature is: tag, referrers-tag, referrers, none. `faults` maps a kind of request (token,
    resolve, tagged, manifest, signature-tag, referrers-tag, referrers, blob, storage, any) to function(request) -> Reply;
    None from it is the usual answer. `wrap` changes an accepted socket into what is spoken on."""

    def __init__(self, image, layout, faults, wrap, listens=True):
        self.image = image
        self.layout = layout
        self.faults = faults
        self.wrap = wrap
        self.requests = []
        self.leaks = []
        self.challenges = 0
        self.began = time.monotonic()
        self.closing = False
        self.ports = []
        self.sockets = []
        for which in ("registry", "storage"):
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            self.ports.append(listener.getsockname()[1])
            self.sockets.append(listener)
            if not listens:
                continue  # the port is taken, so that nobody else listens there
            listener.listen(64)
            threading.Thread(target=self.accept, args=(listener, which), daemon=True).start()
        self.host = f"127.0.0.1:{self.ports[0]}"

    def close(self):
        self.closing = True
        for listener in self.sockets:
            listener.close()

    def accept(self, listener, which):
        while not self.closing:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection, which), daemon=True).start()

    def serve(self, raw, which):
        try:
            raw.settimeout(60)
            connection = self.wrap(raw)
            if connection is None:
                return
            with connection:
                while not self.closing:
                    request = self.read(connection)
                    if request is None or not self.answer(request, which).send(connection, request["method"] == "HEAD"):
                        return
        except (OSError, ValueError):
            pass
        finally:
            raw.close()

    def read(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got or len(data) > 1 << 20:
                return None
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        return {"method": method, "path": target, "headers": headers, "body": body}

    def asked(self):
        """Requests of a decision, tokens, their challenges and redirects apart."""
        return len(self.requests) - self.challenges - sum(self.requests.count(kind) for kind in ("token", "storage"))

    def kind(self, request, which):
        path = request["path"].split("?")[0]
        if which == "storage":
            return "storage"
        if path == "/token":
            return "token"
        if "/referrers/" in path:
            return "referrers"
        if "/blobs/" in path:
            return "blob"
        name = path.rsplit("/", 1)[-1]
        if ".sig" in name:
            return "signature-tag"
        if re.fullmatch("sha256-[0-9a-f]{64}", name):
            return "referrers-tag"
        if name.startswith("sha256:"):
            return "manifest"
        return "resolve" if request["method"] == "HEAD" else "tagged"

    def answer(self, request, which):
        kind = self.kind(request, which)
        self.requests.append(kind)
        request["seconds"] = time.monotonic() - self.began
        request["count"] = self.requests.count(kind)
        authorization = request["headers"].get("authorization", "")
        if which == "storage" and authorization:
            self.leaks.append("credentials at the storage service")
        for name in (kind, "any"):
            if name in self.faults:
                reply = self.faults[name](request)
                if reply is not None:
                    return reply
        if kind == "token" and "user" in self.faults:
            # As ACR: a password by POST is a bad request, by Basic it is looked at.
            if request["method"] == "POST":
                return Reply(400, b'{"errors":[{"code":"UNSUPPORTED"}]}')
            expected = "Basic " + base64.b64encode(self.faults["user"](request).encode()).decode()
            if authorization != expected:
                return Reply(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}')
        if kind == "token":
            return Reply(200, b'{"access_token":"granted"}', {"Content-Type": "application/json"})
        if kind == "storage":
            return self.found(self.image.blobs.get(request["path"].strip("/").split("?")[0]), "application/octet-stream")
        if authorization != "Bearer granted":
            self.challenges += 1
            realm = self.faults.get("realm", lambda _: f"https://{self.host}/token")(request)
            return Reply(401, b"{}", {"WWW-Authenticate": f'Bearer realm="{realm}",service="{self.host}"'})
        return self.content(kind, request)

    def content(self, kind, request):
        name = request["path"].split("?")[0].rsplit("/", 1)[-1]
        if kind == "blob":
            return Reply(307, b"", {"Location": f"https://127.0.0.1:{self.ports[1]}/{name}?sig=secret"})
        if kind == "signature-tag":
            return self.found(self.image.signature if self.layout == "tag" else None, MANIFEST)
        if kind == "referrers-tag":
            return self.found(self.image.referrers() if self.layout == "referrers-tag" else None, INDEX)
        if kind == "referrers":
            if self.layout == "referrers":
                return self.found(self.image.referrers(), INDEX)
            empty = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
            return self.found(empty, INDEX)
        if kind in ("resolve", "tagged"):
            return self.found(self.image.manifest, MANIFEST)
        return self.found(self.image.manifests.get(name), MANIFEST)

    @staticmethod
    def found(body, media_type):
        if body is None:
            return Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        return Reply(200, body, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body)})
