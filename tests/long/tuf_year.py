#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A year of one repository, judged each day by python-tuf and by ours: tuf_year.py JUDGE SEED

What python-tuf writes follows its specification; what the attacker serves instead is made from older and other files.
"""
import collections
import copy
import datetime
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
from unittest import mock
from urllib import parse

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets,
                              Timestamp)
from tuf.ngclient import Updater
from tuf.ngclient import FetcherInterface
import tuf.ngclient._internal.trusted_metadata_set as trusted_metadata_set

DAY = datetime.timedelta(days=1)
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
LIVES = {"root": 200, "timestamp": 7, "snapshot": 30, "targets": 60, "team": 45}
KINDS = [CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa]


class FolderFetcher(FetcherInterface):
    def _fetch(self, url):
        path = pathlib.Path(parse.unquote(parse.urlparse(url).path))
        if not path.is_file():
            raise DownloadHTTPError("not there", 404)
        yield path.read_bytes()


class Repository:
    """Writes into a mirror's folder, as an honest owner of the keys does."""

    def __init__(self, folder, chance):
        self.folder, self.chance = folder, chance
        self.signers = collections.defaultdict(list)
        self.now = START
        self.root = Root(consistent_snapshot=True)
        self.bodies = {"root": self.root, "timestamp": Timestamp(), "snapshot": Snapshot(), "targets": Targets()}
        for role in self.bodies:
            self.rotate(role, self.chance.choice([1, 1, 2, 3]))
        self.bodies["team"] = Targets()
        targets = self.bodies["targets"]
        targets.delegations = Delegations({}, {})
        targets.delegations.roles["team"] = DelegatedRole("team", [], 1, True, ["team/*"])
        self.rotate("team", 1)
        self.add_target("targets", "trusted_root.json")
        self.add_target("team", "team/keys.json")
        self.former = []
        self.write("root")
        self.publish(["team", "targets"])

    def rotate(self, role, threshold):
        keys = self.root if role != "team" else self.bodies["targets"]
        for signer in self.signers[role]:
            keys.revoke_key(signer.public_key.keyid, role)
        if role == "root":
            self.former = list(self.signers[role])
        self.signers[role] = [self.chance.choice(KINDS)() for _ in range(threshold)]
        for signer in self.signers[role]:
            keys.add_key(signer.public_key, role)
        holder = self.root.roles if role != "team" else self.bodies["targets"].delegations.roles
        holder[role].threshold = threshold

    def add_target(self, role, name):
        data = self.chance.randbytes(self.chance.randrange(1, 200)).hex().encode()
        target = TargetFile.from_data(name, data, ["sha256"])
        self.bodies[role].targets[name] = target
        head, _, tail = name.rpartition("/")
        path = self.folder / "targets" / head / f"{target.hashes['sha256']}.{tail}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def write(self, role):
        body = self.bodies[role]
        body.expires = self.now + DAY * LIVES[role]
        document = Metadata(copy.deepcopy(body))
        for signer in self.signers[role] + (self.former if role == "root" else []):
            document.sign(signer, append=True)
        data = document.to_bytes()
        name = "timestamp.json" if role == "timestamp" else f"{body.version}.{role}.json"
        (self.folder / name).write_bytes(data)
        return data

    def publish(self, roles):
        """New versions of these, and of what lists them."""
        snapshot, timestamp = self.bodies["snapshot"], self.bodies["timestamp"]
        for role in roles:
            if (self.folder / f"{self.bodies[role].version}.{role}.json").exists():
                self.bodies[role].version += 1
            data = self.write(role)
            snapshot.meta[f"{role}.json"] = MetaFile(
                self.bodies[role].version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
        if (self.folder / f"{snapshot.version}.snapshot.json").exists():
            snapshot.version += 1
        data = self.write("snapshot")
        timestamp.snapshot_meta = MetaFile(snapshot.version, len(data), {"sha512": hashlib.sha512(data).hexdigest()})
        self.publish_timestamp()

    def publish_timestamp(self):
        if (self.folder / "timestamp.json").exists():
            self.bodies["timestamp"].version += 1
        self.write("timestamp")

    def publish_root(self):
        self.root.version += 1
        self.write("root")
        self.former = []


def changed(path, chance):
    """One value of what is signed, another."""
    document = json.loads(path.read_bytes())
    what = chance.choice(["version", "expires", "signature", "cut", "space"])
    if what == "version":
        document["signed"]["version"] += 1
    elif what == "expires":
        document["signed"]["expires"] = "2090-01-01T00:00:00Z"
    elif what == "signature":
        document["signatures"] = [dict(one, sig=one["sig"][:-2] + "00") for one in document["signatures"]]
    elif what == "cut":
        return path.read_bytes()[:-5]
    return json.dumps(document).encode() + b" "


class Client:
    def __init__(self, judge, folder, mirror):
        self.judge, self.mirror = judge, mirror
        self.ours, self.theirs = folder / "ours", folder / "theirs"
        for one in (self.ours, self.theirs):
            one.mkdir()
        shutil.copy(mirror / "1.root.json", self.ours / "root.json")
        self.first = (mirror / "1.root.json").read_bytes()

    def kept(self, folder):
        return {role: json.loads((folder / f"{role}.json").read_bytes())["signed"]["version"]
                for role in LIVES if (folder / f"{role}.json").exists()}

    def ask_theirs(self, now, target):
        with mock.patch.object(trusted_metadata_set, "datetime") as clock:
            clock.datetime.now.return_value = now
            clock.timezone = datetime.timezone
            clock.now.return_value = now
            try:
                updater = Updater(str(self.theirs), f"file://{self.mirror}/", fetcher=FolderFetcher(),
                                  target_base_url=f"file://{self.mirror}/targets/", target_dir=str(self.theirs),
                                  bootstrap=self.first)
                updater.refresh()
                info = updater.get_targetinfo(target)
                if info is None:
                    return False, "not found"
                return True, pathlib.Path(updater.download_target(info, str(self.theirs / "target"))).read_text()
            except (RepositoryError, DownloadError) as error:
                return False, f"{type(error).__name__}: {error}"

    def ask_ours(self, now, target):
        out = subprocess.run([self.judge, self.ours, self.mirror, now.strftime("%Y-%m-%dT%H:%M:%SZ"), target],
                             capture_output=True, text=True, check=False)
        if out.returncode not in (0, 1):
            raise RuntimeError(f"judge: {out.returncode} {out.stderr}")
        return out.returncode == 0, out.stdout.rstrip("\n")


def honest(repository, chance):
    """What its owners do on a day."""
    done = []
    if chance.random() < 0.9:
        repository.publish_timestamp()
    if chance.random() < 0.15:
        repository.add_target("targets", "trusted_root.json")
        repository.publish(["targets"])
        done.append("targets")
    if chance.random() < 0.1:
        repository.add_target("team", "team/keys.json")
        repository.publish(["team"])
        done.append("team")
    if chance.random() < 0.06:
        role = chance.choice(["root", "timestamp", "snapshot", "targets", "team"])
        repository.rotate(role, chance.choice([1, 2, 3]))
        if role != "team":
            repository.publish_root()
        repository.publish(["team", "targets"])
        done.append("rotate " + role)
    return done


def attack(repository, chance, past):
    """What a mirror serves instead; returns what to put back."""
    mirror = repository.folder
    newest = [mirror / "timestamp.json"] + [mirror / f"{repository.bodies[role].version}.{role}.json"
                                            for role in ("snapshot", "targets", "team", "root")]
    path = chance.choice(newest)
    was = {path: path.read_bytes()}
    kind = chance.choice(["changed", "older", "gone"])
    if kind == "changed":
        path.write_bytes(changed(path, chance))
    elif kind == "older" and past:
        path = mirror / "timestamp.json"
        was = {path: path.read_bytes()}
        path.write_bytes(chance.choice(past))
    else:
        path.unlink()
    return f"{kind} {path.name}", was


def main():
    judge, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(seed)
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "mirror").mkdir()
        repository = Repository(top / "mirror", chance)
        client = Client(judge, top, top / "mirror")
        past = []
        for day in range(365):
            repository.now = START + DAY * day
            # Now and then nobody is there for weeks, and what is published ends.
            done = honest(repository, chance) if chance.random() > 0.03 and day % 90 < 75 else ["silence"]
            past.append((top / "mirror" / "timestamp.json").read_bytes())
            was = {}
            if chance.random() < 0.25:
                what, was = attack(repository, chance, past[:-1])
                done.append(what)
            target = chance.choice(["trusted_root.json", "team/keys.json", "missing"])
            now = repository.now + DAY / 2
            theirs, ours = client.ask_theirs(now, target), client.ask_ours(now, target)
            kept = client.kept(client.theirs), client.kept(client.ours)
            # A key of theirs was taken away: we forget timestamp and snapshot (section 5.3.11), python-tuf leaves files
            # that it does not trust any more until others come.
            if not ours[0] and "snapshot" not in kept[1]:
                kept = {role: version for role, version in kept[0].items() if role in kept[1]}, kept[1]
            if theirs[0] != ours[0] or (theirs[0] and theirs[1] != ours[1]) or kept[0] != kept[1]:
                print(f"seed {seed} day {day} {done} {target}:\n  python-tuf {theirs} {kept[0]}\n  ours {ours} {kept[1]}")
                return 1
            counts["good" if ours[0] else ours[1].split(":")[0]] += 1
            for path, data in was.items():
                path.write_bytes(data)
    print(f"seed {seed}: 365 days, agreed on each: " + ", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
