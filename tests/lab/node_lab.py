# SPDX-License-Identifier: Apache-2.0
"""The lab around nodes in a box, and what the cases share."""
import hashlib
import os
import pathlib
import shutil
import subprocess

from lab.box import TOP, Box, free_port

RUN = "/image/usr/lib/pullseal/run"  # an unpacked image's command line, in the box

POLICY = """apiVersion: pullseal.dev/v1
kind: NodePolicy
metadata: {{name: box, version: {version}}}
keys:
  - {{name: release, file: cosign.pub}}
rules:
  - name: signed-by-release
    match: {{images: ["{registry}/demo/*", "{registry}/pullseal/*"]}}
    require: {{signatures: {{anyOf: [{{key: release}}]}}}}
"""


class Lab:
    """A registry with signed and unsigned images, two versions of pullseal, and boxes."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.registry = f"127.0.0.1:{free_port()}"
        self.boxes = []
        self.server = None

    def start(self):
        self.image = self.make_image("image", "")
        self.newer = self.make_image("image-newer", "newer")
        config = self.folder / "registry.yml"
        config.write_text(f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {self.folder}/registry}}}}\n"
                          f"http: {{addr: \"{self.registry}\"}}\n")
        self.server = subprocess.Popen(("docker-registry", "serve", str(config)), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        Box.wait(lambda: subprocess.run(("curl", "-fs", f"http://{self.registry}/v2/"), stdout=subprocess.DEVNULL).returncode == 0,
                 20, "the registry does not answer")
        self.cosign("generate-key-pair")
        for name in ("pause", "signed", "unsigned"):
            pinned = self.tool("push", self.registry, f"demo/{name}", "1", "pause" if name == "pause" else f"I am {name}")
            if name != "unsigned":
                self.sign(pinned)
        self.settings("settings")
        # The product's own image, as it is published: pushed and signed.
        crane = str(TOP / "build/peers/crane/usr/bin/crane")
        self.published = {}
        for name, image in (("1", self.image), ("2", self.newer)):
            done = subprocess.run((crane, "push", str(image / "oci"), f"{self.registry}/pullseal/pullseal:{name}"), check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.sign(done.stdout.strip())

    def make_image(self, name, label):
        out = self.folder / name
        subprocess.run((str(TOP / "daemonset/build-image"), str(self.build), str(out), "--label", label), check=True,
                       stdout=subprocess.DEVNULL)
        return out

    def tool(self, *arguments):
        return subprocess.run((str(self.build / "tests/demo_tool"), *arguments), check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def cosign(self, *arguments):
        subprocess.run((str(TOP / "build/peers/cosign-2/usr/bin/cosign"), *arguments), check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "HOME": str(self.folder), "COSIGN_PASSWORD": ""})

    def sign(self, image):
        self.cosign("sign", "--key", str(self.folder / "cosign.key"), "--tlog-upload=false", "--yes",
                    "--allow-http-registry", image)

    def settings(self, name, policy=None, config=None):
        """A folder as an operator brings it; returns where it is in every box."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "policy.yaml").write_text(policy or POLICY.format(registry=self.registry, version=1))
        if config:
            (folder / "config.yaml").write_text(config)
        shutil.copy(self.folder / "cosign.pub", folder / "cosign.pub")
        return f"/{name}"

    def box(self, **more):
        """A box that has booted, with both versions and the settings in it."""
        box = Box(self.build, self.folder / f"box{len(list(self.folder.glob('box*')))}", f"{self.registry}/demo/pause:1", **more)
        self.boxes.append(box)
        box.boot()
        self.bring(box, self.image, "image")
        return box

    @staticmethod
    def resum(root):
        """Makes the list of sums right for what is there now."""
        share = root / "usr/share/pullseal"
        lines = []
        for line in (share / "SHA256SUMS").read_text().splitlines():
            path = line[66:]
            lines.append(hashlib.sha256((root / path).read_bytes()).hexdigest() + "  " + path + "\n")
        (share / "SHA256SUMS").write_text("".join(lines))
        version = (share / "version").read_text().rsplit("-", 1)[0]
        (share / "version").write_text(version + "-" + hashlib.sha256("".join(lines).encode()).hexdigest()[:12] + "\n")

    def bring(self, box, image, name):
        """Unpacked images are big, so they are bound and not copied."""
        (box.root / name).mkdir(exist_ok=True)
        for folder in self.folder.glob("settings*"):
            shutil.copytree(folder, box.root / folder.name, dirs_exist_ok=True)
        shutil.copytree(image / "root", box.root / name, dirs_exist_ok=True, symlinks=True)

    def drop_boxes(self):
        for box in self.boxes:
            box.remove()
        self.boxes = []

    def tell_trouble(self):
        for box in self.boxes:
            if box.process:
                print(box.sh("ls -la /opt/pullseal/node /run/systemd/system; systemctl list-units --all --no-legend 'pullseal*'; ps ax | grep [p]ullseal; systemctl --failed --no-legend; journalctl -n 60 --no-pager -u 'pullseal*' -u kubelet -u containerd | cut -c1-300",
                             check=False).stdout, flush=True)

    def stop(self):
        self.drop_boxes()
        if self.server:
            self.server.terminate()
            self.server.wait()


def snapshot(box):
    """Every file of the node that an installation could touch: path, mode, content."""
    out = {}
    for top in ("etc", "opt", "usr/local", "usr/lib/systemd", "var/lib", "var/log", "home", "root", "srv"):
        for folder, folders, files in os.walk(box.root / top):
            where = pathlib.Path(folder)
            relative = str(where.relative_to(box.root))
            if relative.startswith(("var/lib/containerd", "var/lib/kubelet", "var/log/journal", "var/lib/systemd")):
                folders.clear()
                continue
            out[relative + "/"] = oct(where.stat().st_mode)
            for name in files:
                path = where / name
                info = path.lstat()
                body = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
                out[f"{relative}/{name}"] = f"{oct(info.st_mode)} {info.st_uid}:{info.st_gid} {body}"
    return out


def difference(before, after):
    return sorted(f"{'+' if p not in before else '-' if p not in after else '!'} {p}" for p in before.keys() | after.keys()
                  if before.get(p) != after.get(p))


def install(lab, box, more="", check=True):
    return box.sh(f"{RUN} node install --settings /settings {more}", check=check)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def kill_at(box, command, step, last=False):
    """Starts a change and kills its process as soon as it says it is at that step."""
    process = box.start(f"exec {command}")
    seen = ""
    for line in process.stdout:
        seen += line
        if step in line:
            break
    expect(step in seen, f"the change never came to \"{step}\": {seen}")
    inner = box.sh("pgrep -f 'usr/bin/[p]ullseal-node node (install|upgrade|uninstall)'", check=False).stdout.split()
    # After its last step it may have ended by itself.
    expect(inner or last, f"no installer runs at \"{step}\"")
    box.sh("kill -9 " + " ".join(inner), check=not last)
    process.wait()


def settle(box):
    """Until nothing is under way any more."""
    box.wait(lambda: not (box.root / "opt/pullseal/node/transaction.json").exists() and
             box.sh("systemctl is-active pullseal-guard.service", check=False).stdout.strip() in ("inactive", "failed"), 60,
             "the guard does not come to an end")
    box.wait(lambda: box.sh("systemctl is-active kubelet").stdout.strip() == "active" and box.kubelet_endpoint(), 30, "kubelet is gone")


def enforces(lab, box):
    """A signed image runs and an unsigned one does not, now."""
    expect(box.kubelet_endpoint() == ["unix:///run/pullseal/cri/cri.sock"], "kubelet does not use pullseal")
    for name in ("good", "bad"):
        if (box.root / f"etc/kubernetes/manifests/{name}").exists():
            box.remove_pod(name)
    box.add_pod("good", f"{lab.registry}/demo/signed:1")
    box.add_pod("bad", f"{lab.registry}/demo/unsigned:1")
    box.pod_state("good", "Running")
    box.pod_state("bad", "SignatureValidationFailed: ")


def start_agent(lab, box, tag, *arguments):
    """The DaemonSet's pod, with the folders and rights of its manifest."""
    box.sh("mkdir -p /opt/pullseal /run/pullseal /var/log/pullseal /config /var/log/pods/agent")
    command = [str(lab.build / "tests/demo_tool"), "agent", f"/proc/{box.pid}/root/run/containerd/containerd.sock",
               f"{lab.registry}/pullseal/pullseal:{tag}", "--logs", "/var/log/pods/agent",
               "--env", f"PULLSEAL_IMAGE={lab.registry}/pullseal/pullseal:{tag}", "--env", "PULLSEAL_NAMESPACE=pullseal-system"]
    for folder in ("/opt/pullseal", "/run/pullseal:ro", "/var/log/pullseal:ro", "/run/systemd:ro", "/config:ro"):
        command += ["--mount", folder]
    for word in ("node", "agent", "--settings", "/config", "--listen", "127.0.0.1:19465", *arguments):
        command += [f"--arg={word}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expect(done.returncode == 0, done.stdout)
    return done.stdout.split()[0]


def get(path):
    return subprocess.run(("curl", "-s", "-m", "10", "-w", "%{http_code}", f"http://127.0.0.1:19465{path}"),
                          stdout=subprocess.PIPE, text=True).stdout


def stop_agent(lab, box, pod):
    subprocess.run((str(lab.build / "tests/demo_tool"), "remove", f"/proc/{box.pid}/root/run/containerd/containerd.sock", pod), check=True,
                   stdout=subprocess.DEVNULL)


def log_text(box):
    path = box.root / "var/log/pods/agent/agent.log"
    return path.read_text() if path.exists() else ""


def agent_log(box):
    """What the pod printed; containerd puts time, stream and a flag in front of each line."""
    return "\n".join(line.split(" ", 3)[3] if line.count(" ") >= 3 else line for line in log_text(box).splitlines())


def audit_lines(box):
    return [line for line in agent_log(box).splitlines() if '"prev_hash"' in line]


def commands_of(page):
    """The commands of a page's blocks that are meant for the node."""
    out, inside = [], False
    for line in (TOP / "docs" / page).read_text().splitlines():
        if line.startswith("```"):
            inside = line == "```console node"
        elif inside and line.startswith("$ "):
            out.append(line[2:])
    expect(out, f"docs/{page} has no commands for the node")
    return out
