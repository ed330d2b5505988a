# SPDX-License-Identifier: Apache-2.0
"""What tests/node-in-a-box does to a node."""
import json
import shutil
import time

from lab.box import TOP, Box
from lab.node_lab import (POLICY, RUN, agent_log, audit_lines, commands_of, difference, enforces, expect, get, install,
                          kill_at, settle, snapshot, start_agent, stop_agent)


def install_and_uninstall(lab):
    """from nothing to a refused pod, and back, byte for byte"""
    box = lab.box()
    box.add_pod("early", f"{lab.registry}/demo/signed:1")
    box.pod_state("early", "Running")
    before = snapshot(box)
    dry = install(lab, box, "--dry-run").stdout
    expect("would write  /etc/systemd/system/pullseald.service" in dry and not difference(before, snapshot(box)) or
           difference(before, snapshot(box)) == [], "a dry run changes the node")
    print(install(lab, box).stdout, flush=True)
    expect(box.kubelet_endpoint() == ["unix:///run/pullseal/cri/cri.sock"], "kubelet does not use pullseal")
    box.add_pod("good", f"{lab.registry}/demo/signed:1")
    box.pod_state("good", "Running")
    box.add_pod("bad", f"{lab.registry}/demo/unsigned:1")
    refusal = box.pod_state("bad", "SignatureValidationFailed: ")
    print(f"  a developer reads: {refusal}\n", flush=True)
    expect(": signature-missing: " in refusal, refusal)
    box.remove_pod("bad")
    again = install(lab, box).stdout
    expect("nothing is to be changed" in again, again)
    print(box.sh("/opt/pullseal/bin/pullseal node uninstall").stdout, flush=True)
    expect(box.kubelet_endpoint() == ["unix:///run/containerd/containerd.sock"], "kubelet still uses pullseal")
    for name in ("good",):
        box.remove_pod(name)
    left = difference(before, snapshot(box))
    expect(not left, f"uninstall left the node otherwise: {left}")
    expect(box.sh("systemctl list-units --all --no-legend 'pullseal*'").stdout.strip() == "", "units are left")


def upgrade_under_load(lab):
    """another version, 200 calls a second, and not one that fails"""
    box = lab.box()
    install(lab, box)
    first = box.sh("readlink /opt/pullseal/current").stdout.strip()
    box.add_pod("good", f"{lab.registry}/demo/signed:1")
    box.pod_state("good", "Running")
    lab.bring(box, lab.newer, "image-newer")
    box.write("/var/lib/kubelet/rate", "280")  # of which this machine makes some 230
    time.sleep(1)
    before = box.calls()
    began = time.monotonic()
    for _ in range(3):
        print(box.sh("/image-newer/usr/lib/pullseal/run node upgrade").stdout, flush=True)
        expect(box.sh("readlink /opt/pullseal/current").stdout.strip() != first, "the version is the old one")
        print(box.sh("/opt/pullseal/bin/pullseal node rollback").stdout, flush=True)
        expect(box.sh("readlink /opt/pullseal/current").stdout.strip() == first, "the version is not the old one")
    after = box.calls()
    rate = (after["calls"] - before["calls"]) / (time.monotonic() - began)
    print(f"  six switches: {after['calls'] - before['calls']} calls, {rate:.0f} a second, {after['failed']} failed", flush=True)
    expect(before["pid"] == after["pid"], "kubelet was restarted")
    expect(after["failed"] == 0, f"{after['failed']} calls failed: {after['last']}")
    expect(rate > 100, "too few calls to prove anything")
    box.sh("for i in 1 2 3 4 5; do systemctl restart pullseald; systemctl kill -s KILL pullseald; sleep 1; done")
    time.sleep(1)
    killed = box.calls()
    print(f"  five kills: {killed['failed'] - after['failed']} calls under way failed", flush=True)
    expect(box.sh("systemctl is-active pullseald").stdout.strip() == "active", "the daemon is not back")
    box.add_pod("later", f"{lab.registry}/demo/signed:1")
    box.pod_state("later", "Running")


def installer_killed_at_every_step(lab):
    """kill -9 at each step of a first installation: the guard puts everything back"""
    box = lab.box()
    before = snapshot(box)
    steps = ["the guard takes over", "files, units and settings are written", "the daemon is started",
             "the gate is tried", "kubelet is switched", "the node is watched"]
    for step in steps:
        kill_at(box, f"{RUN} node install --settings /settings", step)
        settle(box)
        expect(box.kubelet_endpoint() == ["unix:///run/containerd/containerd.sock"], f"killed at \"{step}\": kubelet is not back")
        expect(box.sh("systemctl is-active pullseald.service", check=False).stdout.strip() != "active", "the daemon still runs")
        left = [one for one in difference(before, snapshot(box)) if "opt/pullseal" not in one and "/log/pullseal" not in one
                and "var/lib/pullseal" not in one]
        expect(not left, f"killed at \"{step}\": {left}")
    install(lab, box)
    enforces(lab, box)
    lab.bring(box, lab.newer, "image-newer")
    version = box.sh("readlink /opt/pullseal/current").stdout
    for step in [one for one in steps if one != "kubelet is switched"]:
        kill_at(box, "/image-newer/usr/lib/pullseal/run node upgrade", step)
        settle(box)
        expect(box.sh("readlink /opt/pullseal/current").stdout == version, f"killed at \"{step}\": not the version before")
        enforces(lab, box)
    for step in ["kubelet is given back", "the node is watched", "daemon, units and files are removed"]:
        kill_at(box, "/opt/pullseal/bin/pullseal node uninstall", step)
        settle(box)
        enforces(lab, box)
    # Died when the last of its notes was gone: said again, it finishes.
    kill_at(box, "/opt/pullseal/bin/pullseal node uninstall", "the guard goes", last=True)
    settle(box)
    box.sh(f"{RUN} node uninstall")
    for name in ("good", "bad"):
        if (box.root / f"etc/kubernetes/manifests/{name}").exists():
            box.remove_pod(name)
    left = difference(before, snapshot(box))
    expect(not left, f"uninstall left the node otherwise: {left}")


def broken_versions_and_policies(lab):
    """a wrong binary, a policy that cannot be read, one that would deny what runs: the node stays as it was"""
    box = lab.box()
    install(lab, box)
    enforces(lab, box)
    version = box.sh("readlink /opt/pullseal/current").stdout
    # A file of the image was changed on its way.
    shutil.copytree(lab.newer / "root", box.root / "image-bad", symlinks=True)
    (box.root / "image-bad/usr/bin/pullseald").write_bytes(b"#!/bin/false\n")
    said = box.sh(f"{RUN} node upgrade --image /image-bad", check=False)
    expect(said.returncode == 1 and "is not the file of this version" in said.stdout, said.stdout)
    # A version whose sums are right and whose daemon does not start.
    lab.resum(box.root / "image-bad")
    said = box.sh(f"{RUN} node upgrade --image /image-bad --watch 20", check=False)
    expect(said.returncode == 1 and "the daemon does not start" in said.stdout, said.stdout)
    expect(box.sh("readlink /opt/pullseal/current").stdout == version, "the broken version stays")
    enforces(lab, box)
    # Policies.
    for text, why in (("rules: [", "policy.yaml"), (None, "would not let")):
        policy = text or POLICY.format(registry="nowhere.example.com", version=2)
        (box.root / "settings/policy.yaml").write_text(policy)
        said = box.sh(f"{RUN} node upgrade --image '' --settings /settings", check=False)
        expect(said.returncode == 1 and why in said.stdout, said.stdout)
        expect("nowhere.example.com" not in box.read("/etc/pullseal/policy.yaml"), "the policy went in")
    expect("container c" in said.stdout and "pause image" in said.stdout, said.stdout)
    enforces(lab, box)
    # The same policy by an operator's own word, and back.
    box.sh(f"{RUN} node upgrade --image '' --settings /settings --accept-denials")
    expect("nowhere.example.com" in box.read("/etc/pullseal/policy.yaml"), "the policy did not go in")
    (box.root / "settings/policy.yaml").write_text(POLICY.format(registry=lab.registry, version=3))
    box.sh(f"{RUN} node upgrade --image '' --settings /settings")
    enforces(lab, box)


def node_that_lives(lab):
    """reboot, lost power in the middle of a change, containerd restarts, the disk fills up, the daemon is killed"""
    box = lab.box()
    install(lab, box)
    enforces(lab, box)
    box.sh("systemctl restart containerd")
    time.sleep(2)
    enforces(lab, box)
    # A daemon that hangs: systemd hears no good self-test and starts another.
    hanging = box.sh("systemctl show -p MainPID --value pullseald").stdout.strip()
    box.sh(f"kill -STOP {hanging}")
    box.wait(lambda: box.sh("systemctl show -p MainPID --value pullseald").stdout.strip() not in ("0", hanging) and
             box.sh("systemctl is-active pullseald", check=False).stdout.strip() == "active", 120, "the hanging daemon stays")
    enforces(lab, box)
    box.reboot()
    box.wait(lambda: box.kubelet_endpoint(), 30, "kubelet does not come back")
    expect(box.calls()["failed"] == 0, f"kubelet met {box.calls()}")
    enforces(lab, box)
    lab.bring(box, lab.newer, "image-newer")
    version = box.sh("readlink /opt/pullseal/current").stdout
    process = box.start("exec /image-newer/usr/lib/pullseal/run node upgrade")
    for line in process.stdout:
        if "the gate is tried" in line:
            break
    box.power_off()
    process.wait()
    box.boot()
    settle(box)
    expect(box.sh("readlink /opt/pullseal/current").stdout == version, "not the version before")
    enforces(lab, box)
    box.sh("mkdir -p /mnt/small; fallocate -l 1G /var/log/filler 2>/dev/null; dd if=/dev/zero of=/var/lib/filler bs=1M 2>/dev/null; true")
    time.sleep(1)
    box.remove_pod("bad")
    box.add_pod("bad", f"{lab.registry}/demo/unsigned:1")
    refusal = box.pod_state("bad", "")
    Box.wait(lambda: "Failed" in box.read("/var/lib/kubelet/pod-bad") or "Unavailable" in box.read("/var/lib/kubelet/pod-bad"), 30,
             f"on a full disk the unsigned pod is: {refusal}")
    box.sh("rm -f /var/lib/filler /var/log/filler")
    time.sleep(2)
    enforces(lab, box)


def other_nodes(lab):
    """kubeadm's and a standalone kubelet, and nodes that are not understood"""
    for kind in ("kubeadm", "standalone"):
        box = lab.box(kind=kind)
        before = snapshot(box)
        said = install(lab, box).stdout
        expect(kind in said, said)
        enforces(lab, box)
        for name in ("good", "bad"):
            box.remove_pod(name)
        box.sh("/opt/pullseal/bin/pullseal node uninstall")
        left = difference(before, snapshot(box))
        expect(not left, f"uninstall left the node otherwise: {left}")
        lab.drop_boxes()
    box = lab.box(kind="standalone")
    box.sh("systemctl stop kubelet")
    said = install(lab, box, check=False)
    expect(said.returncode == 1 and "no kubelet runs" in said.stdout, said.stdout)
    box.sh("rm /etc/systemd/system/kubelet.service; systemctl daemon-reload")
    said = install(lab, box, check=False)
    expect(said.returncode == 1 and "no kubelet.service" in said.stdout, said.stdout)
    box.sh("systemctl stop containerd")
    said = install(lab, box, check=False)
    expect(said.returncode == 1 and "containerd does not answer" in said.stdout, said.stdout)


def doctor_proves(lab):
    """the doctor proves enforcement, and names what takes it away"""
    box = lab.box()
    expect(box.sh(f"{RUN} doctor", check=False).returncode == 1, "a node without pullseal is well")
    install(lab, box)
    enforces(lab, box)
    said = box.sh("/opt/pullseal/bin/pullseal doctor", check=False)
    print(said.stdout, flush=True)
    expect(said.returncode == 0 and "PROVEN: this node enforces" in said.stdout, said.stdout)
    box.wait(lambda: (box.root / "run/pullseal/doctor/report.json").exists() or
             box.sh("test -s /run/pullseal/doctor/report.json", check=False).returncode == 0, 30, "the timer brings no report")
    report = json.loads(box.sh("cat /run/pullseal/doctor/report.json").stdout)
    expect(report["proven"] is True, report)

    def finding(name):
        out = box.sh("/opt/pullseal/bin/pullseal doctor -o json", check=False)
        told = json.loads(out.stdout.splitlines()[-1])
        return next(one for one in told["checks"] if one["check"] == name), told["proven"], out.returncode
    # Opened by an operator, for the whole gate, over a restart, until it ends.
    box.sh("/opt/pullseal/bin/pullseal break-glass --for 30m --reason 'incident 7'")
    box.sh("systemctl restart pullseald")
    one, proven, status = finding("daemon")
    expect(one["grade"] == "bad" and "BREAK-GLASS" in one["text"] and not proven and status == 1, one)
    box.remove_pod("bad")
    box.add_pod("bad", f"{lab.registry}/demo/unsigned:1")
    box.pod_state("bad", "Running")
    expect('"mode":"break-glass"' in box.read("/var/log/pullseal/audit.jsonl"), "its use is not in the audit log")
    box.sh("/opt/pullseal/bin/pullseal break-glass --end")
    expect(finding("daemon")[0]["grade"] == "good", finding("daemon"))
    # What runs now and would not start again.
    said = box.sh("/opt/pullseal/bin/pullseal running --denied", check=False)
    expect(said.returncode == 1 and "default/bad/" in said.stdout and "signature-missing" in said.stdout, said.stdout)
    box.remove_pod("bad")
    # The provisioning writes the endpoint again, behind ours.
    box.write("/etc/systemd/system/kubelet.service.d/zz-late.conf",
              (box.root / "etc/systemd/system/kubelet.service.d/10-containerd-base-flag.conf").read_text())
    box.sh("systemctl daemon-reload; systemctl restart kubelet")
    one, proven, status = finding("kubelet")
    expect(one["grade"] == "bad" and "containerd.sock" in one["text"] and not proven and status == 1, one)
    box.add_pod("around", f"{lab.registry}/demo/unsigned:1")
    box.pod_state("around", "Running")
    one, proven, status = finding("around")
    expect(one["grade"] == "bad" and "default/around/" in one["text"], one)
    said = box.sh(f"{RUN} node install --settings /settings --accept-denials --watch 15", check=False)
    expect(said.returncode == 1 and "another drop-in" in said.stdout, said.stdout)
    box.sh("rm /etc/systemd/system/kubelet.service.d/zz-late.conf")
    install(lab, box)
    expect(finding("kubelet")[0]["grade"] == "good", finding("kubelet"))
    # Files of the installation, and another daemon than the installed one.
    path = box.sh("readlink -f /opt/pullseal/current").stdout.strip()
    box.sh(f"cp {path}/usr/bin/pullseald /tmp/p; echo x >> {path}/usr/bin/pullseald.new; cat /tmp/p {path}/usr/bin/pullseald.new > /tmp/q; cp --remove-destination /tmp/q {path}/usr/bin/pullseald; chmod 755 {path}/usr/bin/pullseald")
    expect(finding("installation")[0]["grade"] == "bad" and finding("daemon")[0]["grade"] == "bad", finding("daemon"))
    box.sh(f"cp --remove-destination /tmp/p {path}/usr/bin/pullseald; rm {path}/usr/bin/pullseald.new; chmod 755 {path}/usr/bin/pullseald; systemctl restart pullseald")
    # A policy in audit mode proves nothing, and is no fault.
    (box.root / "settings/policy.yaml").write_text("mode: audit\n" + POLICY.format(registry=lab.registry, version=9))
    box.sh(f"{RUN} node upgrade --image '' --settings /settings")
    one, proven, status = finding("policy")
    expect(one["grade"] == "warning" and "AUDIT" in one["text"] and not proven, one)
    expect(finding("canary")[0]["grade"] == "warning", finding("canary"))
    box.sh("systemctl stop pullseald pullseal.socket pullseal-admin.socket")
    expect(finding("canary")[0]["grade"] == "bad" and finding("policy")[0]["grade"] == "bad", finding("canary"))


def agent_in_its_pod(lab):
    """the DaemonSet's pod installs, upgrades, carries policies, ships logs and metrics, and takes pullseal away"""
    box = lab.box()
    before = snapshot(box)
    config = box.root / "config"
    config.mkdir()
    for name in ("policy.yaml", "cosign.pub"):
        shutil.copy(lab.folder / "settings" / name, config / name)
    pod = start_agent(lab, box, "1")
    Box.wait(lambda: get("/healthz").endswith("200"), 20, lambda: "the pod does not serve: " + agent_log(box))
    expect(get("/readyz").endswith("503"), "ready before anything was proven")
    Box.wait(lambda: get("/readyz").endswith("200"), 90, lambda: "the pod does not become ready: " + agent_log(box))
    first = box.sh("readlink /opt/pullseal/current").stdout
    enforces(lab, box)
    metrics = get("/metrics")
    for name in ("pullseal_decisions_total", "pullseal_doctor_check", "pullseal_doctor_proven 1", "pullseal_agent_applied 1"):
        expect(name in metrics, f"no {name} in the metrics")
    # A policy that cannot be read, one that would lock out what runs, and a good one.
    policy = (config / "policy.yaml").read_text()
    (config / "policy.yaml").write_text("rules: [")
    Box.wait(lambda: "settings: policy.yaml" in agent_log(box), 40, lambda: "a broken policy is not reported: " + agent_log(box))
    expect(box.read("/etc/pullseal/policy.yaml") == policy, "the broken policy went in")
    (config / "policy.yaml").write_text(policy.replace("/pullseal/*", "/nothing/*"))
    Box.wait(lambda: "the image of pullseal's own pod" in agent_log(box), 40, lambda: "a policy against the pod itself is not reported: " + agent_log(box))
    expect(box.read("/etc/pullseal/policy.yaml") == policy, "that policy went in")
    (config / "policy.yaml").write_text(policy.replace("version: 1", "version: 2"))
    Box.wait(lambda: "version: 2" in box.read("/etc/pullseal/policy.yaml"), 40, lambda: "a good policy does not go in: " + agent_log(box))
    expect(get("/readyz").endswith("200"), "not ready any more")
    # Another version: the old pod goes, the new one comes.
    stop_agent(lab, box, pod)
    lines = audit_lines(box)
    pod = start_agent(lab, box, "2")
    Box.wait(lambda: box.sh("readlink /opt/pullseal/current").stdout != first, 90, lambda: "no upgrade: " + agent_log(box))
    Box.wait(lambda: get("/readyz").endswith("200"), 90, "the new pod does not become ready")
    enforces(lab, box)
    time.sleep(2)
    shipped = [json.loads(line)["seq"] for line in audit_lines(box) if '"seq"' in line]
    expect(len(lines) > 0 and shipped == list(range(1, len(shipped) + 1)), f"records are lost or repeated: {shipped[:5]} ... {len(shipped)}")
    written = [json.loads(line)["seq"] for line in box.read("/var/log/pullseal/audit.jsonl").splitlines()]
    expect(len(written) - len(shipped) < 10, f"{len(written)} records written, {len(shipped)} shipped")
    expect('"action":"head"' in agent_log(box), "no head is shipped")
    stop_agent(lab, box, pod)
    pod = start_agent(lab, box, "2", "--uninstall")
    Box.wait(lambda: box.kubelet_endpoint() == ["unix:///run/containerd/containerd.sock"], 60, lambda: "kubelet is not given back: " + agent_log(box)[-1500:] + box.sh("journalctl -u pullseal-apply -n 20 --no-pager", check=False).stdout)
    Box.wait(lambda: get("/readyz").endswith("200"), 60, lambda: "it does not say that it is done: " + agent_log(box))
    stop_agent(lab, box, pod)
    for name in ("good", "bad"):
        box.remove_pod(name)
    shutil.rmtree(config)
    shutil.rmtree(box.root / "var/log/pods", ignore_errors=True)
    left = [one for one in difference(before, snapshot(box)) if "var/log/pods" not in one and "var/log/containers" not in one]
    expect(not left, f"uninstall left the node otherwise: {left}")


def plugin_mode(lab):
    """containerd's image verifier plugin: pulls are judged, and the doctor says what is not"""
    box = lab.box(containerd=TOP / "build/peers/containerd-2/usr/bin")
    print(install(lab, box, "--plugin").stdout, flush=True)
    expect(box.kubelet_endpoint() == ["unix:///run/containerd/containerd.sock"], "kubelet was touched")
    box.add_pod("good", f"{lab.registry}/demo/signed:1")
    box.add_pod("bad", f"{lab.registry}/demo/unsigned:1")
    box.pod_state("good", "Running")
    refusal = box.pod_state("bad", "")
    Box.wait(lambda: "rejected image" in box.read("/var/lib/kubelet/pod-bad"), 40, f"the unsigned image is: {refusal}")
    expect("signature-missing" in box.read("/var/lib/kubelet/pod-bad"), box.read("/var/lib/kubelet/pod-bad"))
    said = box.sh("/opt/pullseal/bin/pullseal doctor", check=False)
    print(said.stdout, flush=True)
    expect("plugin-coverage" in said.stdout and "good    canary" in said.stdout, said.stdout)
    plugin = "/opt/containerd/image-verifier/bin/pullseal-image-verifier"

    def bad(name, text):
        told = json.loads(box.sh("/opt/pullseal/bin/pullseal doctor -o json", check=False).stdout.splitlines()[-1])
        found = [one for one in told["checks"] if one["check"] == name and one["grade"] == "bad" and text in one["text"]]
        expect(found and not told["proven"], f"{name}: {told}")
    box.sh("for i in 0 1 2 3 4 5 6 7 8 9; do ln /bin/true /opt/containerd/image-verifier/bin/00-$i; done")
    bad("plugin-folder", "max_verifiers")
    box.sh("rm /opt/containerd/image-verifier/bin/00-*; touch /opt/containerd/image-verifier/bin/README")
    bad("plugin-folder", "is no program")
    box.sh("rm /opt/containerd/image-verifier/bin/README; chmod 777 /opt/containerd")
    bad("plugin-folder", "by others than root")
    box.sh(f"chmod 755 /opt/containerd; mv {plugin} /tmp/")
    bad("plugin-folder", "is not in")
    box.sh(f"mv /tmp/pullseal-image-verifier {plugin}")
    for line, text in (("max_verifiers = 0", "max_verifiers is 0"),):
        box.sh(f"printf '[plugins.\"io.containerd.image-verifier.v1.bindir\"]\n{line}\n' >> /etc/containerd/config.toml")
        bad("plugin", text)
    box.sh("sed -i '/image-verifier/,$d' /etc/containerd/config.toml")
    # From plugin to proxy, and back.
    install(lab, box)
    expect(box.kubelet_endpoint() == ["unix:///run/pullseal/cri/cri.sock"], "kubelet does not use pullseal")
    expect(not (box.root / plugin.lstrip("/")).exists(), "the plugin stays")
    install(lab, box, "--plugin")
    expect(box.kubelet_endpoint() == ["unix:///run/containerd/containerd.sock"], "kubelet still uses pullseal")
    # The daemon away, or somebody else in its place: never an allow.
    digest = "sha256:" + "0" * 64
    ask = f"{plugin} -name {lab.registry}/demo/signed:1 -digest {digest} -stdin-media-type x < /dev/null"
    box.sh("systemctl stop pullseal-doctor.timer pullseald pullseal.socket pullseal-admin.socket")
    expect(box.sh(ask, check=False).returncode == 1, "allowed without a daemon")
    # However containerd, or somebody in its place, feeds it: it ends in time, with one line and no allow.
    named = f"{plugin} -digest {digest} -stdin-media-type x"
    for command in (f"{named} -name a/b < /dev/zero", f"sleep 5 | {named} -name a/b", f"{named} -name a/b <&-",
                    f"{named} -name 'a\nb: forged\n' < /dev/null", f"{named} -name -x < /dev/null", f"{plugin} < /dev/null",
                    f"{named} -name a/b --unknown < /dev/null", f"{named} -name a/b extra < /dev/null",
                    f"{named} -name $(head -c 100000 /dev/zero | tr '\\0' a) < /dev/null",
                    f"({named} -name a/b < /dev/null; echo $? > /tmp/status) | true; sleep 1; exit $(cat /tmp/status)"):
        began = time.monotonic()
        said = box.sh(f"timeout 15 {command}" if not command.startswith(("sleep", "(")) else command, check=False)
        expect(said.returncode == 1 and said.stdout.count("\n") <= 1, f"{command[:100]}: {said.returncode}: {said.stdout[:300]}")
        expect(time.monotonic() - began < 40, f"{command[:100]} takes too long")


def docs_line_by_line(lab):
    """install, operate and take away as docs/ say it, command by command"""
    box = lab.box()
    before = snapshot(box)
    install_page = commands_of("install.md")
    away = next(i for i, line in enumerate(install_page) if "node uninstall --dry-run" in line)
    for line in install_page[:away] + commands_of("on-call.md") + install_page[away:]:
        said = box.sh(line, check=False)
        print(f"  $ {line}", flush=True)
        expect(said.returncode == 0, f"{line}: status {said.returncode}: {said.stdout[-1500:]}")
    left = difference(before, snapshot(box))
    expect(not left, f"the node is otherwise: {left}")


CASES = [install_and_uninstall, upgrade_under_load, installer_killed_at_every_step, broken_versions_and_policies,
         node_that_lives, other_nodes, doctor_proves, agent_in_its_pod, plugin_mode, docs_line_by_line]
