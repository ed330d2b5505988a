# SPDX-License-Identifier: Apache-2.0
"""A whole node in a box: a Debian with systemd as PID 1, containerd, runc and our kubelet stand-in, in systemd-nspawn.

The base is made once by debootstrap, from the mirror that this machine's apt is set up with, and is kept in
BUILD/box/base; each box is a thin copy of it (overlayfs). A box shares this machine's network: a registry on 127.0.0.1
serves it, and it listens on 127.0.0.1 itself, so only one runs at a time.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGES = "systemd,systemd-sysv,dbus,containerd,runc,iproute2,procps,ca-certificates,libgrpc++1.51,libprotobuf-lite32"
# What the base must be made anew for.
BASE_VERSION = "1 " + PACKAGES

KUBELET_SERVICE = """[Unit]
Description=kubelet stand-in
After=containerd.service
Wants=containerd.service
StartLimitIntervalSec=0
[Service]
EnvironmentFile=/etc/default/kubelet
ExecStart=/opt/bin/kubelet --v=2 $KUBELET_CONTAINERD_FLAGS $KUBELET_FLAGS
Restart=always
RestartSec=1s
[Install]
WantedBy=multi-user.target
"""
# As AKS's provisioning writes it.
AKS_DROP_IN = """[Service]
Environment="KUBELET_CONTAINERD_FLAGS=--runtime-request-timeout=15m --container-runtime-endpoint=unix:///run/containerd/containerd.sock --runtime-cgroups=/system.slice/containerd.service"
"""


def mirror():
    lines = subprocess.run(("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian",
                            "Label: Debian"), check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return lines[0]


def make_base(build):
    base = build / "box" / "base"
    stamp = build / "box" / "base.version"
    if stamp.exists() and stamp.read_text() == BASE_VERSION:
        return base
    shutil.rmtree(base, ignore_errors=True)
    base.parent.mkdir(parents=True, exist_ok=True)
    log = base.parent / "debootstrap.log"
    with log.open("w") as out:
        done = subprocess.run(("debootstrap", "--variant=minbase", "--include=" + PACKAGES, "bookworm", str(base), mirror()),
                              stdout=out, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError("debootstrap failed: " + log.read_text()[-2000:])
    # None of what asks for a console, a disk or a time of its own belongs into a box.
    for unit in ("systemd-resolved.service", "systemd-timesyncd.service", "getty@tty1.service", "console-getty.service",
                 "e2scrub_reap.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
                 "fstrim.timer", "systemd-networkd-wait-online.service"):
        link = base / "etc/systemd/system" / unit
        if not link.exists():
            link.symlink_to("/dev/null")
    (base / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (base / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    stamp.write_text(BASE_VERSION)
    return base


class Box:
    def __init__(self, build, folder, pause, kind="aks", containerd=None):
        """`pause` is the image of sandboxes; `containerd` a folder with another containerd's programs."""
        self.folder = pathlib.Path(folder)
        self.build = pathlib.Path(build)
        self.root = self.folder / "root"
        self.pid = 0
        self.process = None
        for name in ("scratch", "root"):
            (self.folder / name).mkdir(parents=True)
        base = make_base(self.build)
        # On a file system of its own: overlayfs does not stack on every one.
        subprocess.run(("mount", "-t", "tmpfs", "-o", "size=1500m", "box", str(self.folder / "scratch")), check=True)
        for name in ("upper", "work"):
            (self.folder / "scratch" / name).mkdir()
        options = f"lowerdir={base},upperdir={self.folder}/scratch/upper,workdir={self.folder}/scratch/work"
        subprocess.run(("mount", "-t", "overlay", "-o", options, "box", str(self.root)), check=True)
        self.set_up(pause, kind, containerd)

    def set_up(self, pause, kind, containerd):
        self.write("/etc/containerd/config.toml", f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".cni]
conf_dir = "/etc/cni/net.d"
""")
        if containerd:
            self.write("/etc/containerd/config.toml", f"""version = 3
[plugins.'io.containerd.cri.v1.images']
snapshotter = "native"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{pause}"
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
disable_apparmor = true
[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]
platform = "linux/amd64"
snapshotter = "native"
differ = "walking"
""")
            for program in ("containerd", "containerd-shim-runc-v2", "ctr"):
                shutil.copy(pathlib.Path(containerd) / program, self.root / "usr/bin" / program)
        (self.root / "opt/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.build / "tests/kubelet", self.root / "opt/bin/kubelet")
        self.write("/etc/default/kubelet", "KUBELET_FLAGS=--node-labels=pool=one\nKUBELET_NODE_LABELS=pool=one\n")
        unit = KUBELET_SERVICE
        if kind == "kubeadm":
            unit = unit.replace("$KUBELET_CONTAINERD_FLAGS $KUBELET_FLAGS", "$KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS")
            self.write("/etc/default/kubelet", "KUBELET_KUBEADM_ARGS=--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock\n")
        if kind == "standalone":
            unit = unit.replace("$KUBELET_CONTAINERD_FLAGS $KUBELET_FLAGS", "--config /etc/kubelet.yaml").replace(
                "EnvironmentFile=/etc/default/kubelet\n", "")
            self.write("/etc/kubelet.yaml", "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n")
        self.write("/etc/systemd/system/kubelet.service", unit)
        if kind == "aks":
            self.write("/etc/systemd/system/kubelet.service.d/10-containerd-base-flag.conf", AKS_DROP_IN)
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "kubelet.service").symlink_to("/etc/systemd/system/kubelet.service")

    def write(self, path, text):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text()

    def boot(self):
        log = (self.folder / "console.log").open("a")
        self.process = subprocess.Popen(
            ("systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", "-b", "--capability=all",
             "--bind=/sys/fs/cgroup", "--system-call-filter=@keyring bpf", "--console=pipe", "--link-journal=no",
             "--resolv-conf=off", "--timezone=off"),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait(self.find_init, 30, "the box does not start")
        self.wait(lambda: self.sh("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"), 90,
                  "the box does not come up")

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.pid = int(children[0]) if children else 0
        return self.pid and os.path.exists(f"/proc/{self.pid}/root/run/systemd/system")

    def sh(self, command, check=True, timeout=180, env=None):
        """Runs a shell command in the box."""
        done = subprocess.run(("nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "/bin/sh", "-c", command),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **(env or {})})
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: status {done.returncode}: {done.stdout[-3000:]}")
        return done

    def start(self, command):
        """Starts a shell command in the box and does not wait for it."""
        return subprocess.Popen(("nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "/bin/sh", "-c", command),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})

    @staticmethod
    def wait(condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(what() if callable(what) else what)
            time.sleep(0.1)

    def calls(self):
        """What the kubelet stand-in met since it started."""
        return json.loads(self.read("/var/lib/kubelet/calls.json"))

    def kubelet_endpoint(self):
        line = self.sh("tr '\\0' ' ' < /proc/$(systemctl show -p MainPID --value kubelet)/cmdline", check=False).stdout
        return [word.split("=", 1)[1] for word in line.split() if word.startswith("--container-runtime-endpoint=")][-1:]

    def add_pod(self, name, image, namespace="default"):
        self.write(f"/etc/kubernetes/manifests/.{name}", f"{namespace} {image}\n")
        os.rename(self.root / f"etc/kubernetes/manifests/.{name}", self.root / f"etc/kubernetes/manifests/{name}")

    def remove_pod(self, name):
        os.unlink(self.root / f"etc/kubernetes/manifests/{name}")
        self.wait(lambda: not (self.root / f"var/lib/kubelet/pod-{name}").exists(), 30, f"pod {name} stays")

    def pod_state(self, name, wanted, seconds=40):
        """Waits until the pod's state begins with `wanted`."""
        path = self.root / f"var/lib/kubelet/pod-{name}"
        self.wait(lambda: path.exists() and path.read_text().startswith(wanted), seconds,
                  lambda: f"pod {name} is not \"{wanted}\" but: {path.read_text() if path.exists() else 'nothing'}")
        return path.read_text().strip()

    def power_off(self):
        """Ends the box as a lost machine ends: at once."""
        if not self.process:
            return
        for one in (self.pid, self.process.pid):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None
        time.sleep(0.5)

    def reboot(self):
        self.sh("systemctl poweroff", check=False)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.power_off()
        self.process = None
        self.boot()

    def remove(self):
        self.power_off()
        for name in ("root", "scratch"):
            subprocess.run(("umount", "-l", str(self.folder / name)), stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
