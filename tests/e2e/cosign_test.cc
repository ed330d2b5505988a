// SPDX-License-Identifier: Apache-2.0
// Real cosign 2 and 3 against `pullseal verify`: a grid of artifacts, each judged by all three. Where a peer's answer
// differs from ours, docs/cosign.md says why, and this test fails if it does not.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>

#include "core/json/value.h"
#include "fakes/test_authority.h"
#include "lab/images.h"
#include "lab/process.h"

namespace pullseal {
namespace {

using lab::Execute;
using lab::Image;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

// One key pair, as files that both cosigns read.
class KeyPair {
 public:
  KeyPair(const std::string& kind, const std::string& folder) : authority(kind), folder_(folder) {
    std::filesystem::create_directories(folder);
    lab::WriteFile(folder + "/plain.pem", authority.PrivatePem());
    lab::WriteFile(folder + "/key.pub", authority.PublicPem());
    const auto made = Execute({Env("PULLSEAL_PEERS") + "/cosign-3/usr/bin/cosign", "import-key-pair", "--yes", "--key",
                               folder + "/plain.pem", "--output-key-prefix", folder + "/key"},
                              {{"COSIGN_PASSWORD", ""}});
    if (made.status != 0) throw std::runtime_error("import-key-pair " + kind + ": " + made.text);
  }
  std::string private_file() const { return folder_ + "/key.key"; }
  std::string public_file() const { return folder_ + "/key.pub"; }
  fakes::TestAuthority authority;

 private:
  const std::string folder_;
};

// What the three say of one image.
struct Answers {
  std::string ours;  // outcome's slug
  bool cosign2 = false;
  bool cosign3 = false;
};

class Grid {
 public:
  Grid(lab::Registry& registry, std::string host, std::string folder)
      : registry_(registry), host_(std::move(host)), folder_(std::move(folder)) {
    lab::WriteFile(
        folder_ + "/signing.json",
        R"({"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}})");
  }

  // Pushes a fresh image and returns host/repository@digest.
  std::string Push(const std::string& repository) {
    const Image image = lab::MakeImage(repository + std::to_string(++count_));
    lab::Push(host_, repository, "1", image);
    return host_ + "/" + repository + "@" + image.manifest.digest;
  }
  void Sign(int major, const KeyPair& key, const std::string& reference, std::vector<std::string> more = {},
            lab::Environment environment = {}) {
    std::vector<std::string> command = {Program(major), "sign", "--yes", "--key", key.private_file()};
    if (major == 2) command.insert(command.end(), {"--tlog-upload=false"});
    if (major == 3) command.insert(command.end(), {"--signing-config", folder_ + "/signing.json"});
    Run(command, more, reference, environment);
  }
  void Attest(int major, const KeyPair& key, const std::string& reference) {
    lab::WriteFile(folder_ + "/predicate.json", R"({"passed":false})");
    std::vector<std::string> command = {Program(major),
                                        "attest",
                                        "--yes",
                                        "--key",
                                        key.private_file(),
                                        "--predicate",
                                        folder_ + "/predicate.json",
                                        "--type",
                                        "https://example.com/scan-failed/v1"};
    if (major == 2) command.insert(command.end(), {"--tlog-upload=false"});
    if (major == 3) command.insert(command.end(), {"--signing-config", folder_ + "/signing.json"});
    Run(command, {}, reference, {});
  }
  // `annotation` (KEY=VALUE) is asked for by all three.
  Answers Judge(const KeyPair& key, const std::string& reference, std::string more_policy = "",
                const std::string& annotation = "") {
    if (const std::size_t equals = annotation.find('='); equals != std::string::npos) {
      more_policy += "annotations: {" + annotation.substr(0, equals) + ": " + annotation.substr(equals + 1) + "}, ";
    }
    lab::WriteFile(
        folder_ + "/policy.yaml",
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: grid}\nkeys:\n  - {name: k, file: \"" +
            key.public_file() +
            "\"}\nrules:\n  - name: all\n    match: {images: [\"127.0.0.1:*/**\"], unsafe: true}\n" +
            "    require: {signatures: {" + more_policy + "anyOf: [{key: k}]}}\n");
    const auto ours = Execute({Env("PULLSEAL_BUILD") + "/plugin/pullseal", "verify", "--policy",
                               folder_ + "/policy.yaml", "-o", "json", reference});
    const auto parsed = json::Parse(ours.text.substr(0, ours.text.find('\n')));
    const std::string* reason = parsed ? parsed->FindString("reason") : nullptr;
    Answers out{reason != nullptr ? *reason : ours.text, false, false};
    out.cosign2 = Verified(2, key, reference, annotation);
    out.cosign3 = Verified(3, key, reference, annotation);
    return out;
  }
  const std::string& host() const { return host_; }
  lab::Registry& registry() { return registry_; }

 private:
  static std::string Program(int major) {
    return Env("PULLSEAL_PEERS") + "/cosign-" + std::to_string(major) + "/usr/bin/cosign";
  }
  lab::Environment Home() const { return {{"COSIGN_PASSWORD", ""}, {"HOME", folder_}}; }
  void Run(std::vector<std::string> command, const std::vector<std::string>& more, const std::string& reference,
           lab::Environment environment) {
    environment.merge(Home());
    command.insert(command.end(), {"--allow-http-registry", "--allow-insecure-registry"});
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(reference);
    const auto done = Execute(command, environment);
    EXPECT_EQ(0, done.status) << done.text;
  }
  bool Verified(int major, const KeyPair& key, const std::string& reference, const std::string& annotation) {
    std::vector<std::string> command = {Program(major),
                                        "verify",
                                        "--key",
                                        key.public_file(),
                                        "--insecure-ignore-tlog=true",
                                        "--allow-http-registry",
                                        "--allow-insecure-registry"};
    if (!annotation.empty()) command.insert(command.end(), {"-a", annotation});
    command.push_back(reference);
    return Execute(command, Home()).status == 0;
  }

  lab::Registry& registry_;
  const std::string host_;
  const std::string folder_;
  int count_ = 0;
};

std::string DigestIn(const std::string& reference) { return reference.substr(reference.find('@') + 1); }

class CosignTest : public ::testing::Test {
 protected:
  // Compares one case with what is expected; `peers` says what cosign 2 and 3 answer: "yes yes", "no yes".
  void Expect(const std::string& name, const Answers& answers, const std::string& ours, const std::string& peers) {
    const std::string theirs = std::string(answers.cosign2 ? "yes" : "no") + " " + (answers.cosign3 ? "yes" : "no");
    std::cout << "  " << name << ": " << answers.ours << "; cosign 2 and 3: " << theirs << std::endl;
    EXPECT_EQ(ours, answers.ours) << name;
    EXPECT_EQ(peers, theirs) << name;
    const bool allowed = answers.ours == "signed";
    if (allowed == answers.cosign2 && allowed == answers.cosign3) return;
    static const std::string docs = lab::ReadText(Env("PULLSEAL_TOP") + "/docs/cosign.md");
    EXPECT_NE(std::string::npos, docs.find("| " + name + " |")) << "docs/cosign.md does not explain: " << name;
  }
  void RunGrid(Grid& grid);
  void Keys(Grid& grid);
  void Places(Grid& grid);
  void Broken(Grid& grid);

  lab::TempFolder folder_;
  std::map<std::string, std::unique_ptr<KeyPair>> keys_;
  const KeyPair& Key(const std::string& kind) {
    auto& key = keys_[kind];
    if (!key) key = std::make_unique<KeyPair>(kind.substr(0, kind.find('#')), folder_.path() + "/" + kind);
    return *key;
  }
};

void CosignTest::Keys(Grid& grid) {
  for (const char* kind : {"P-256", "P-384", "P-521", "RSA", "RSA-4096", "ED25519"}) {
    const KeyPair& key = Key(kind);
    const std::string name = kind;
    const std::string old_form = grid.Push("keys");
    grid.Sign(2, key, old_form);
    Expect(name + ", signed by cosign 2", grid.Judge(key, old_form), "signed", "yes yes");
    const std::string new_form = grid.Push("keys");
    grid.Sign(3, key, new_form);
    const bool own = name == "P-256" || name.starts_with("RSA");
    Expect(name + ", signed by cosign 3", grid.Judge(key, new_form), "signed", own ? "no yes" : "no no");
  }
}

void CosignTest::Places(Grid& grid) {
  const KeyPair& key = Key("P-256");
  Expect("unsigned", grid.Judge(key, grid.Push("places")), "signature-missing", "no no");

  const std::string oci11 = grid.Push("places");
  grid.Sign(2, key, oci11, {"--registry-referrers-mode=oci-1-1"}, {{"COSIGN_EXPERIMENTAL", "1"}});
  Expect("oci-1-1 mode of cosign 2", grid.Judge(key, oci11), "signed", "no no");

  const std::string both = grid.Push("places");
  grid.Sign(2, key, both);
  grid.Sign(3, key, both);
  Expect("signed by both", grid.Judge(key, both), "signed", "yes yes");

  const std::string attested2 = grid.Push("places");
  grid.Attest(2, key, attested2);
  Expect("attestation only, by cosign 2", grid.Judge(key, attested2), "signature-missing", "no no");
  const std::string attested3 = grid.Push("places");
  grid.Attest(3, key, attested3);
  Expect("attestation only, by cosign 3", grid.Judge(key, attested3), "signature-missing", "no yes");

  const std::string beside = grid.Push("places");
  grid.Sign(2, key, beside);
  grid.Sign(3, Key("P-256#stranger"), beside);
  Expect("a stranger's bundle beside a good signature", grid.Judge(key, beside), "signed", "yes no");

  const Image one = lab::MakeImage("only the platform");
  lab::Push(grid.host(), "places", "platform", one);
  const auto index = lab::MakeIndex({one.manifest});
  grid.registry().PushManifest("places", "index", index, lab::kIndexType);
  grid.Sign(2, key, grid.host() + "/places@" + one.manifest.digest);
  Expect("only the platform's manifest signed", grid.Judge(key, grid.host() + "/places:index"), "signed", "no no");
  grid.Sign(2, key, grid.host() + "/places@" + index.digest);
  Expect("the index signed", grid.Judge(key, grid.host() + "/places:index"), "signed", "yes yes");
}

void CosignTest::Broken(Grid& grid) {
  const KeyPair& key = Key("P-256");
  const KeyPair& stranger = Key("P-256#stranger");
  for (const int major : {2, 3}) {
    const std::string by = ", by cosign " + std::to_string(major);
    const std::string wrong = grid.Push("broken");
    grid.Sign(major, stranger, wrong);
    Expect("wrong key" + by, grid.Judge(key, wrong), "signature-invalid", "no no");
    grid.Sign(major, key, wrong);
    Expect("a good signature beside a stranger's" + by, grid.Judge(key, wrong), "signed",
           major == 2 ? "yes yes" : "no yes");
    const std::string annotated = grid.Push("broken");
    grid.Sign(major, key, annotated, {"-a", "env=prod"});
    Expect("annotated" + by, grid.Judge(key, annotated, "", "env=prod"), "signed", major == 2 ? "yes yes" : "no yes");
    Expect("another annotation asked for" + by, grid.Judge(key, annotated, "", "env=test"), "annotation-mismatch",
           "no no");
  }
  // The signature of another image, under this image's tag.
  const std::string donor = grid.Push("broken");
  grid.Sign(2, key, donor);
  const auto parts = lab::FetchSignature(grid.registry(), "broken", DigestIn(donor));
  const std::string victim = grid.Push("broken");
  grid.registry().PushSignature("broken", DigestIn(victim), parts.payload, parts.signature_base64);
  Expect("the signature of another image", grid.Judge(key, victim), "digest-mismatch", "no no");
  const std::string tampered = grid.Push("broken");
  grid.registry().PushSignature("broken", DigestIn(tampered), parts.payload + " ", parts.signature_base64);
  Expect("a changed payload", grid.Judge(key, tampered), "signature-invalid", "no no");

  // Image and signature copied to another repository.
  const Image image = lab::MakeImage("copied");
  lab::Push(grid.host(), "origin", "1", image);
  lab::Push(grid.host(), "elsewhere", "1", image);
  const std::string origin = grid.host() + "/origin@" + image.manifest.digest;
  const std::string elsewhere = grid.host() + "/elsewhere@" + image.manifest.digest;
  grid.Sign(2, key, origin);
  const auto copied = lab::FetchSignature(grid.registry(), "origin", image.manifest.digest);
  grid.registry().PushSignature("elsewhere", image.manifest.digest, copied.payload, copied.signature_base64);
  Expect("copied to another repository", grid.Judge(key, elsewhere), "repository-mismatch", "yes yes");
  Expect("copied, the rule takes any repository", grid.Judge(key, elsewhere, "repository: any, "), "signed", "yes yes");
}

void CosignTest::RunGrid(Grid& grid) {
  Keys(grid);
  Places(grid);
  Broken(grid);
}

TEST_F(CosignTest, RegistryWithoutReferrersApi) {
  std::filesystem::create_directories(folder_.path() + "/registry");
  lab::Registry registry(folder_.path() + "/registry");
  Grid grid(registry, registry.host(), folder_.path());
  RunGrid(grid);
}

TEST_F(CosignTest, RegistryWithReferrersApi) {
  std::filesystem::create_directories(folder_.path() + "/registry");
  lab::Registry registry(folder_.path() + "/registry", Env("PULLSEAL_TOP") + "/tests/lab/referrers_registry.py");
  Grid grid(registry, registry.host(), folder_.path());
  RunGrid(grid);
}

}  // namespace
}  // namespace pullseal
