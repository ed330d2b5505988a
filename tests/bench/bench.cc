// SPDX-License-Identifier: Apache-2.0
// Prints how fast and how small pullseal is, each row beside its reference in the same run: medians of interleaved
// rounds. Last line: "targets: N met, M missed". Needs the peers and a build; run it through tests/bench/run.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <thread>

#include "adapters/cri/calls.h"
#include "adapters/cri/methods.h"
#include "bench/command.h"
#include "bench/table.h"
#include "fakes/fake_registry.h"
#include "fakes/fake_runtime.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/report.h"
#include "gate/gate/snapshot.h"
#include "image/oci/cosign.h"
#include "image/runtime/image_link.h"
#include "lab/images.h"
#include "lab/node.h"
#include "policy/file/parse.h"

namespace pullseal::lab {
namespace {

using namespace bench;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set; use tests/bench/run");
  return value;
}

class Silent final : public gate::Reporter {
 public:
  Status Report(const gate::Event&, const gate::Decision&, const gate::Snapshot*) override { return {}; }
  void UnknownFields() override {}
};

// What judging a CreateContainer costs us, before and after it, with a runtime that answers at once.
void OwnTimeOfCreate(Table& table, gate::Gate& gate, const gate::Snapshot& snapshot, fakes::FakeRegistry& http,
                     const fakes::TestAuthority& release) {
  fakes::FakeRuntime runtime;
  const std::string layer = "sha256:" + std::string(64, '1');
  const std::string id = runtime.AddImage("reg.io/create:1", layer);
  const std::string payload = fakes::SimpleSigningPayload("reg.io/create", runtime.ManifestOf("reg.io/create:1"));
  http.PutSignatures("reg.io", "create", runtime.ManifestOf("reg.io/create:1"),
                     {{payload, release.SignBase64(payload)}});
  runtime.sandboxes["pod"] = runtime::Sandbox{"pod", "p", "u", "default"};
  runtime.containers["c"] = runtime::Container{"c", "overlayfs", layer, id, "pod", "", "c", "", false};
  runtime::Linker linker(runtime, oci::Platform{"linux", "amd64", ""});
  Silent silent;
  ::pullseal::admission::Claims claims;
  const auto shared = std::make_shared<const gate::Snapshot>(snapshot);
  const auto calls = ::pullseal::cri::MakeJudgedCalls(std::make_shared<const ::pullseal::admission::Services>(
      ::pullseal::admission::Services{gate, runtime, linker, silent, claims, [&] { return shared; }}));
  ::runtime::v1::CreateContainerRequest request;
  request.set_pod_sandbox_id("pod");
  request.mutable_config()->mutable_image()->set_image(id);
  request.mutable_config()->mutable_image()->set_user_specified_image("reg.io/create:1");
  for (int i = 0; i < 30; ++i) request.mutable_config()->add_envs(std::string(60, 'e'));
  ::runtime::v1::CreateContainerResponse response;
  response.set_container_id("c");
  std::vector<Seconds> times;
  for (int i = 0; i < 500; ++i) {
    times.push_back(Time([&] {
      const SteadyTime deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      const auto call = calls->New(*::pullseal::cri::FindMethod("/runtime.v1.RuntimeService/CreateContainer"));
      if (!std::holds_alternative<::pullseal::relay::Forward>(call->Before(request.SerializeAsString(), deadline)) ||
          call->After(response.SerializeAsString(), deadline)) {
        throw std::runtime_error("the create was refused");
      }
    }));
  }
  table.Row("CreateContainer, cached verdict: our own time (ratio: ms)", Micro(Median(times)), "-", Median(times) * 1e3,
            "<=", 0.5);
}

void InProcess(Table& table) {
  fakes::FakeRegistry http;
  const SystemClock clock;
  fakes::TestAuthority release;
  registry::Client client(http, clock, registry::Config{});
  gate::Gate gate(client, clock, oci::Platform{"linux", "amd64", ""}, gate::Options{});
  const std::string digest =
      http.PutManifest("reg.io", "app", "1", fakes::ImageManifest("sha256:" + std::string(64, 'c')), fakes::kImageType);
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest);
  http.PutSignatures("reg.io", "app", digest, {{payload, release.SignBase64(payload)}});
  auto policy = policy::ParsePolicy(
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nkeys:\n  - {name: release, file: "
      "x}\nrules:\n"
      "  - {name: app, match: {images: [\"reg.io/*\"]}, require: {signatures: {anyOf: [{key: release}]}}}\n",
      [&](const std::string&) { return Result<std::string>(release.PublicPem()); });
  const gate::Snapshot snapshot{*policy, std::map<std::string, std::string>{}};
  const auto name = *oci::Reference::Parse("reg.io/app:1");
  const auto ask = [&](bool with_digest) {
    gate::Question question{name, "default", {}, {}, clock.Steady() + std::chrono::seconds(10)};
    if (with_digest) question.candidates = {*oci::Digest::Parse(digest)};
    return question;
  };
  (void)gate.DecidePull(snapshot, ask(false));
  http.ForgetRequests();
  const auto question = ask(true);
  constexpr int kCalls = 2000;
  std::vector<Seconds> hits;
  for (int i = 0; i < 15; ++i) {
    hits.push_back(Time([&] {
                     for (int j = 0; j < kCalls; ++j) (void)gate.DecideContent(snapshot, question);
                   }) /
                   kCalls);
  }
  table.Row("answer from memory, in process (ratio: us)", Micro(Median(hits)), "-", Median(hits) * 1e6, "<=", 5);
  (void)gate.DecidePull(snapshot, ask(false));
  table.Row("registry requests, warm, beside the tag's HEAD", std::to_string(http.Requests().size() - 1), "-",
            static_cast<double>(http.Requests().size() - 1), "<=", 0);

  judge::Evidence evidence{*oci::Digest::Parse(digest), "reg.io/app", {}};
  evidence.signatures.push_back(
      judge::SignatureEvidence{oci::Digest::Of(AsBytes(payload)),
                               std::string(oci::kSimpleSigningMediaType),
                               Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                               {{std::string(oci::kSignatureAnnotation), release.SignBase64(payload)}}});
  const std::string pem = release.PublicPem();
  BIO* bio = BIO_new_mem_buf(pem.c_str(), -1);
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  const Bytes raw = release.Sign(payload);
  const auto requirement = snapshot.policy.rules[0].require;
  const auto [ours, reference] = Interleaved(
      31,
      [&] {
        for (int i = 0; i < 100; ++i) (void)judge::Judge(evidence, requirement, clock.Now());
      },
      [&] {
        for (int i = 0; i < 100; ++i) {
          EVP_MD_CTX* context = EVP_MD_CTX_new();
          EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
          EVP_DigestVerify(context, raw.data(), raw.size(), AsBytes(payload).data(), payload.size());
          EVP_MD_CTX_free(context);
        }
      });
  EVP_PKEY_free(key);
  OwnTimeOfCreate(table, gate, snapshot, http, release);
  table.Row("judge a P-256 signature / EVP_DigestVerify", Micro(ours / 100), Micro(reference / 100), ours / reference,
            "<=", 1.3);
}

long StatusField(pid_t pid, const std::string& name) {
  const std::string text = ReadText("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = text.find(name + ":");
  return at == std::string::npos ? 0 : std::atol(text.c_str() + at + name.size() + 1);
}

// Has the daemon judge `count` signed images.
void KnowImages(Registry& registry, const fakes::TestAuthority& release, const Daemon& daemon, int count) {
  std::vector<std::string> command = {
      Env("PULLSEAL_BUILD") + "/plugin/pullseal", "warm", "--namespace", "default", "--socket", daemon.admin_socket()};
  const Image base = MakeImage("known");
  registry.PushImage("app/known", "base", base);
  for (int i = 0; i < count; ++i) {
    std::string text = base.manifest.bytes;
    text.insert(text.rfind('}'), ",\"annotations\":{\"number\":\"" + std::to_string(i) + "\"}");
    const Blob manifest = Blob::Of(text);
    registry.PushManifest("app/known", std::to_string(i), manifest, kManifestType);
    const std::string payload = fakes::SimpleSigningPayload(registry.host() + "/app/known", manifest.digest);
    registry.PushSignature("app/known", manifest.digest, payload, release.SignBase64(payload));
    command.push_back(registry.host() + "/app/known:" + std::to_string(i));
  }
  const Output warm = Execute(command);
  if (warm.status != 0) throw std::runtime_error("warm: " + warm.text.substr(0, 1000));
}

void Node(Table& table) {
  TempFolder folder;
  Registry registry(folder.path() + "/registry");
  const std::string peers = Env("PULLSEAL_PEERS");
  const std::string cosign_program = peers + "/cosign-2/usr/bin/cosign";
  Cosign cosign(cosign_program, folder.path() + "/key");
  const Image image = MakeImage("bench");
  const std::string name = registry.host() + "/app/bench:1";
  for (const char* repository : {"app/bench", "app/pause"}) {
    registry.PushImage(repository, "1", image);
    if (!cosign.Sign(registry.host() + "/" + repository + "@" + image.manifest.digest).empty())
      throw std::runtime_error("cosign sign");
  }
  const fakes::TestAuthority release;
  WriteFile(folder.path() + "/local.pub", release.PublicPem());
  Containerd containerd(peers + "/containerd-1.7/usr/bin", 1, folder.path() + "/containerd",
                        registry.host() + "/app/pause:1");
  const std::string program = Env("PULLSEAL_BUILD") + "/plugin/pullseald";
  Daemon daemon(
      program, folder.path() + "/pullseald", containerd,
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: bench}\nkeys:\n  - {name: release, file: " +
          cosign.public_key_file() + "}\n  - {name: local, file: " + folder.path() +
          "/local.pub}\nrules:\n  - {name: app, match: {images: [\"" + registry.host() +
          "/app/*\"]}, require: {signatures: {anyOf: [{key: release}, {key: local}]}}}\n");
  std::vector<Seconds> starts;
  for (int i = 0; i < 7; ++i) {
    daemon.Stop(SIGTERM);
    starts.push_back(Time([&] { daemon.Start(); }));
  }
  table.Row("exec to first answered call (ratio: ms)", Milli(Median(starts)), "-", Median(starts) * 1e3, "<=", 100);

  const auto verify =
      Compare({Env("PULLSEAL_BUILD") + "/plugin/pullseal", "verify", name, "--policy", daemon.policy_file()},
              {cosign_program, "verify", "--key", cosign.public_key_file(), "--insecure-ignore-tlog=true",
               "--allow-http-registry", name},
              9);
  const auto our_memory = static_cast<double>(verify.ours.peak_kib);
  const auto their_memory = static_cast<double>(verify.theirs.peak_kib);
  table.Row("pullseal verify / cosign verify, wall", Milli(verify.ours.wall), Milli(verify.theirs.wall),
            verify.ours.wall / verify.theirs.wall, "<=", 0.5);
  table.Row("pullseal verify / cosign verify, peak memory", Mib(our_memory), Mib(their_memory),
            our_memory / their_memory, "<=", 1.0 / 3);

  Cri proxied(daemon.socket());
  Cri direct(containerd.socket());
  const auto [through, straight] = Interleaved(
      41,
      [&] {
        for (int i = 0; i < 50; ++i) (void)proxied.Version();
      },
      [&] {
        for (int i = 0; i < 50; ++i) (void)direct.Version();
      });
  table.Row("Version through the proxy / direct, one caller", Micro(through / 50), Micro(straight / 50),
            through / straight, "<=", 1.5);
  const auto callers = [](const std::string& socket) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&socket] {
        Cri client(socket);
        for (int j = 0; j < 300; ++j) (void)client.Version();
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  const auto [eight, eight_direct] = Interleaved(
      9, [&] { callers(daemon.socket()); }, [&] { callers(containerd.socket()); });
  table.Row("Version, 8 callers, throughput through the proxy / direct",
            std::to_string(static_cast<int>(2400 / eight)) + "/s",
            std::to_string(static_cast<int>(2400 / eight_direct)) + "/s", eight_direct / eight, ">=", 0.8);

  std::string ref;
  if (!proxied.Pull(name, "default", &ref).ok()) throw std::runtime_error("pull");
  std::string pod;
  if (!proxied.RunPod("bench", "default", &pod).ok()) throw std::runtime_error("pod");
  const auto create = [&](Cri& client) {
    std::string id;
    const auto request = client.CreateRequest(pod, ref, name);
    if (!client.Create(request, &id).ok()) throw std::runtime_error("create");
    return id;
  };
  std::vector<Seconds> judged;
  std::vector<Seconds> plain;
  for (int i = 0; i < 40; ++i) {
    std::string id;
    plain.push_back(Time([&] { id = create(direct); }));
    direct.Remove(id);
    judged.push_back(Time([&] { id = create(proxied); }));
    direct.Remove(id);
  }
  std::istringstream audit(ReadText(daemon.audit_file()));
  std::vector<Seconds> before;
  for (std::string line; std::getline(audit, line);) {
    const std::size_t at = line.find("\"duration_us\":");
    if (line.find("\"action\":\"create\"") != std::string::npos)
      before.push_back(std::atof(line.c_str() + at + 14) * 1e-6);
  }
  std::printf("(before the call is forwarded, with 2 calls to containerd: %s)\n", Milli(Median(before)).c_str());
  // What containerd takes for our four small calls is in it, so this is told and has no target.
  std::printf("(CreateContainer, cached verdict: %s through the proxy, %s direct)\n", Milli(Median(judged)).c_str(),
              Milli(Median(plain)).c_str());

  for (int i = 0; i < 110; ++i) {
    std::string one;
    if (!proxied.RunPod("bench" + std::to_string(i), "default", &one).ok()) throw std::runtime_error("pod");
    std::string id;
    if (!proxied.Create(one, ref, name, &id).ok()) throw std::runtime_error("create");
    direct.RemovePod(one);
  }
  KnowImages(registry, release, daemon, 500);
  const long rss = StatusField(daemon.pid(), "VmRSS");
  const long anonymous = StatusField(daemon.pid(), "RssAnon");
  table.Row("resident memory after 110 pods, 500 known images (MiB)", Mib(static_cast<double>(rss)), "-",
            static_cast<double>(rss) / 1024, "<=", 32);
  table.Row("anonymous part of it (MiB)", Mib(static_cast<double>(anonymous)), "-",
            static_cast<double>(anonymous) / 1024, "<=", 12);
}

}  // namespace
}  // namespace pullseal::lab

int main(int argc, char** argv) {
  if (argc > 2 && std::string(argv[1]) == "--measure") return pullseal::bench::MeasureHere(argv + 2);
  // `bench keyless` and `bench node` print those rows alone.
  const std::string only = argc > 1 ? argv[1] : "";
  std::printf("%-58s %14s %14s %8s    %-7s\n", "what", "ours", "reference", "ratio", "target");
  pullseal::bench::Table table;
  try {
    if (only != "node") pullseal::bench::Keyless(table);
    if (only == "keyless") return 0;
    if (only == "node") return pullseal::lab::Node(table), 0;
    pullseal::bench::Layouts(table);
    pullseal::lab::InProcess(table);
    pullseal::bench::Growth(table);
    pullseal::lab::Node(table);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "bench: %s\n", exception.what());
    return 1;
  }
  std::printf("targets: %d met, %d missed\n", table.met, table.missed);
  return 0;
}
