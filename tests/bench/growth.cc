// SPDX-License-Identifier: Apache-2.0
// Rows that need no node: registry requests per layout, and growth with what is known.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/table.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"
#include "policy/file/parse.h"

namespace pullseal::bench {
namespace {

// A gate over a registry in memory, with one rule for everything in it.
struct Scene {
  explicit Scene(store::EvidenceStore* store = nullptr)
      : client(http, clock, registry::Config{}),
        gate(client, clock, oci::Platform{"linux", "amd64", ""}, gate::Options{}, store) {
    auto policy = policy::ParsePolicy(
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nkeys:\n  - {name: k, file: x}\nrules:\n"
        "  - {name: app, match: {images: [\"reg.io/*\"]}, require: {signatures: {anyOf: [{key: k}]}}}\n",
        [&](const std::string&) { return Result<std::string>(Release().PublicPem()); });
    snapshot = gate::Snapshot{*policy, std::map<std::string, std::string>{}};
  }
  static const fakes::TestAuthority& Release() {
    static const fakes::TestAuthority release;
    return release;
  }
  std::string Image(const std::string& tag) {
    return http.PutManifest(
        "reg.io", "app", tag,
        fakes::ImageManifest("sha256:" + std::string(64, 'c'), ",\"annotations\":{\"t\":\"" + tag + "\"}"),
        fakes::kImageType);
  }
  static std::string Bundle(const std::string& digest) {
    const std::string statement = fakes::SignStatement(digest);
    return fakes::KeyBundle(statement, Release().Sign(fakes::EnvelopeBytes(statement)));
  }
  // How many requests judging a pull of `tag` takes.
  std::size_t Requests(const std::string& tag) {
    http.ForgetRequests();
    const auto name = *oci::Reference::Parse("reg.io/app:" + tag);
    const auto pull =
        gate.DecidePull(snapshot, gate::Question{name, "default", {}, {}, clock.Steady() + std::chrono::seconds(10)});
    if (pull.decision.reason != gate::Reason::kSigned) throw std::runtime_error("not signed: " + tag);
    return http.Requests().size();
  }

  fakes::FakeRegistry http;
  SystemClock clock;
  registry::Client client;
  gate::Gate gate;
  gate::Snapshot snapshot;
};

long ResidentKib() {
  std::ifstream file("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  file >> pages >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

void LayoutRows(Table& table, const char* layout, const std::function<void(Scene&, const std::string& tag)>& sign) {
  Scene scene;
  sign(scene, "1");
  sign(scene, "2");
  const std::size_t unknown = scene.Requests("1");
  const std::size_t known = scene.Requests("2");
  table.Row(("registry requests, " + std::string(layout) + ", layout not known").c_str(), std::to_string(unknown), "-",
            static_cast<double>(unknown), "<=", 6);
  table.Row(("registry requests, " + std::string(layout) + ", layout known").c_str(), std::to_string(known), "-",
            static_cast<double>(known), "<=", 4);
}

// Fills the store with `count` signed images; the last one is signed by our key.
std::string Fill(store::EvidenceStore& store, int count) {
  const std::string junk = Scene::Release().SignBase64("x");
  const auto put = [&](int i, const std::string* signature) {
    const auto digest = oci::Digest::Of(AsBytes("image " + std::to_string(i)));
    const std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest.text());
    const ByteView bytes = AsBytes(payload);
    store.Add(digest, "reg.io/app", "default",
              {{oci::Digest::Of(bytes),
                "application/vnd.dev.cosign.simplesigning.v1+json",
                Bytes(bytes.begin(), bytes.end()),
                {{"dev.cosignproject.cosign/signature",
                  signature != nullptr ? *signature : Scene::Release().SignBase64(payload)}},
                std::chrono::system_clock::now()}});
    return digest;
  };
  // What waits for the disk is bounded and the rest is dropped, so wait until each batch is there.
  const auto settle = [&](int i, const std::string* signature) {
    auto digest = put(i, signature);
    const auto known = [&] {
      const auto found = store.Find(digest, "reg.io/app", limits::kStoreAdminTime);
      return found && !found->empty();
    };
    while (!known()) (void)put(i, signature);
    return digest.text();
  };
  for (int i = 0; i < count - 1; ++i) {
    if (i % 100 == 99) {
      (void)settle(i, &junk);
    } else {
      (void)put(i, &junk);
    }
  }
  return settle(count - 1, nullptr);
}

}  // namespace

void Layouts(Table& table) {
  LayoutRows(table, ".sig tag", [](Scene& scene, const std::string& tag) {
    const std::string digest = scene.Image(tag);
    const std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest);
    scene.http.PutSignatures("reg.io", "app", digest, {{payload, Scene::Release().SignBase64(payload)}});
  });
  LayoutRows(table, "bundle by the referrers API", [](Scene& scene, const std::string& tag) {
    const std::string digest = scene.Image(tag);
    scene.http.PutReferrersApi("reg.io", "app", digest,
                               {scene.http.PutReferrer("reg.io", "app", digest, Scene::Bundle(digest))});
  });
  LayoutRows(table, "bundle by the referrers tag", [](Scene& scene, const std::string& tag) {
    const std::string digest = scene.Image(tag);
    scene.http.PutReferrersTag("reg.io", "app", digest,
                               {scene.http.PutReferrer("reg.io", "app", digest, Scene::Bundle(digest), true)});
  });
}

// Decisions from the store must not slow down with what is in it, nor memory grow.
void Growth(Table& table) {
  Seconds first = 0;
  long first_memory = 0;
  for (const int count : {10, 1'000, 100'000}) {
    char name[] = "/tmp/pullseal_bench_XXXXXX";
    const std::string folder = ::mkdtemp(name);
    const SystemClock clock;
    const auto store = store::OpenSqliteStore(folder + "/evidence.db", limits::kStoreBytes, clock);
    const std::string digest = Fill(*store, count);
    const auto reference = *oci::Reference::Parse("reg.io/app:1");
    std::vector<Seconds> times;
    for (int i = 0; i < 51; ++i) {
      Scene scene(store.get());
      gate::Question question{
          reference, "default", {*oci::Digest::Parse(digest)}, {}, clock.Steady() + std::chrono::seconds(5)};
      times.push_back(Time([&] {
        if (scene.gate.DecideContent(scene.snapshot, question).cache != gate::CacheUse::kEvidence) {
          throw std::runtime_error("not from the store");
        }
      }));
    }
    const std::size_t kept = store->List(200'000)->size();
    const long memory = ResidentKib();
    if (first == 0) first = Median(times);
    if (first_memory == 0) first_memory = memory;
    table.Row(("decision from the store, " + std::to_string(count) + " images / 10 images").c_str(),
              Micro(Median(times)), Micro(first), Median(times) / first, "<=", 2);
    std::printf("(%zu of %d kept on disk, %s; resident %s, %s with 10)\n", kept, count,
                Mib(static_cast<double>(std::filesystem::file_size(folder + "/evidence.db")) / 1024).c_str(),
                Mib(static_cast<double>(memory)).c_str(), Mib(static_cast<double>(first_memory)).c_str());
    std::filesystem::remove_all(folder);
  }
}

}  // namespace pullseal::bench
