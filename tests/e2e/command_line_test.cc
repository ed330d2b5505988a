// SPDX-License-Identifier: Apache-2.0
// The command line as a person uses it, without a daemon: exit statuses and exact messages.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/json/value.h"
#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "lab/images.h"
#include "lab/process.h"

namespace pullseal {
namespace {

using lab::Execute;
using lab::Output;

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    lab::WriteFile(Path("a.pub"), key_.PublicPem());
    lab::WriteFile(Path("good.yaml"), Policy("anyOf: [{key: a}]"));
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string Policy(const std::string& signatures) {
    return "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: p, version: 3}\nkeys:\n  - {name: a, file: "
           "a.pub}\nrules:\n  - name: app\n    match: {images: [\"reg.io/**\"]}\n    require: {signatures: {" +
           signatures + "}}\n";
  }
  static Output Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/pullseal");
    return Execute(arguments);
  }
  void Expect(int status, const std::string& text, const std::vector<std::string>& arguments) const {
    const Output out = Run(arguments);
    EXPECT_EQ(status, out.status) << out.text;
    EXPECT_NE(std::string::npos, out.text.find(text)) << out.text;
  }

  lab::TempFolder folder_;
  fakes::TestAuthority key_;
};

TEST_F(CommandLineTest, WrongUsageIs64) {
  EXPECT_EQ(64, Run({}).status);
  EXPECT_EQ(64, Run({"nonsense"}).status);
  EXPECT_EQ(64, Run({"verify"}).status);
  EXPECT_EQ(64, Run({"verify", "x", "-o", "xml"}).status);
  EXPECT_EQ(64, Run({"audit", "tail", "-n", "0"}).status);
  EXPECT_EQ(0, Run({"--help"}).status);
  EXPECT_EQ(0, Run({"--version"}).status);
}

// What it is handed over to lies beside it; where /proc cannot tell, it is not looked for where the caller stands.
TEST_F(CommandLineTest, HandsOverToItsOwnFolderOnly) {
  namespace fs = std::filesystem;
  fs::create_directory(Path("bin"));
  fs::copy_file(std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/pullseal", Path("bin/pullseal"));
  const Output alone = Execute({Path("bin/pullseal"), "policy", "check", "x"});
  EXPECT_EQ(2, alone.status);
  EXPECT_NE(std::string::npos, alone.text.find("/bin/pullseal-verify cannot be run")) << alone.text;
  fs::copy_file("/bin/busybox", Path("pullseal-verify"));
  const Output lost = Execute({"chroot", folder_.path(), "/bin/pullseal", "policy", "check", "x"});
  EXPECT_EQ(2, lost.status);
  EXPECT_NE(std::string::npos, lost.text.find("/proc does not tell where this program lies")) << lost.text;
}

// A configuration of OpenSSL that leaves every algorithm out changes nothing.
TEST_F(CommandLineTest, OpenSslsConfigurationIsNotRead) {
  lab::WriteFile(Path("openssl.cnf"), "openssl_conf = i\n[i]\nproviders = p\n[p]\nnull = n\n[n]\nactivate = 1\n");
  lab::WriteFile(Path("root.json"), fakes::SigstoreAuthority().TrustedRoot());
  const std::string program = std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/pullseal";
  for (const auto& command : std::vector<std::vector<std::string>>{{program, "trust", "check", Path("root.json")},
                                                                   {program, "policy", "check", Path("good.yaml")}}) {
    const Output out = Execute(command, {{"OPENSSL_CONF", Path("openssl.cnf")}});
    EXPECT_EQ(0, out.status) << out.text;
  }
}

TEST_F(CommandLineTest, PolicyCheckNamesFileLineAndReason) {
  EXPECT_EQ(Path("good.yaml") + ": good: 1 rules, 1 keys, 0 exceptions, mode enforce\n",
            Run({"policy", "check", Path("good.yaml")}).text);
  lab::WriteFile(Path("bad.yaml"), Policy("anyOf: [{key: b}]"));
  const Output bad = Run({"policy", "check", Path("bad.yaml")});
  EXPECT_EQ(1, bad.status);
  EXPECT_EQ(Path("bad.yaml") + ":9: key \"b\" is not among the policy's keys\n", bad.text);
  lab::WriteFile(Path("bad.yaml"), Policy("treshold: 1, anyOf: [{key: a}]"));
  EXPECT_NE(std::string::npos, Run({"policy", "check", Path("bad.yaml")}).text.find(":9: "));
  Expect(1, "No such file", {"policy", "check", Path("none.yaml")});
  lab::WriteFile(Path("old.yaml"), Policy("anyOf: [{key: a}]") +
                                       "exceptions:\n  - {name: e, match: {images: [\"reg.io/x\"]}, until: "
                                       "2020-01-01T00:00:00Z, owner: o, reason: r}\n");
  Expect(0, "old.yaml: warning: exception \"e\" has expired", {"policy", "check", Path("old.yaml")});
}

TEST_F(CommandLineTest, PolicyTestTellsTheRule) {
  EXPECT_EQ("image: reg.io/a/b:1 (matched as reg.io/a/b)\nrule: app, mode enforce\n",
            Run({"policy", "test", Path("good.yaml"), "--image", "reg.io/a/b:1", "--namespace", "x"}).text);
  Expect(1, "no-rule: ", {"policy", "test", Path("good.yaml"), "--image", "other.io/a", "--namespace", "x"});
  Expect(1, "reference-invalid", {"policy", "test", Path("good.yaml"), "--image", "A B"});
}

TEST_F(CommandLineTest, JsonForMachines) {
  const auto parse = [](const Output& out) { return json::Parse(out.text.substr(0, out.text.find('\n'))); };
  const auto good = parse(Run({"policy", "check", Path("good.yaml"), "-o", "json"}));
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(*good->Find("good")->boolean());
  EXPECT_EQ("p", *good->FindString("name"));
  const auto bad = parse(Run({"policy", "check", Path("none.yaml"), "-o", "json"}));
  ASSERT_TRUE(bad.ok());
  EXPECT_FALSE(*bad->Find("good")->boolean());
  const auto rule =
      parse(Run({"policy", "test", Path("good.yaml"), "--image", "reg.io/a:1", "--namespace", "x", "-o", "json"}));
  ASSERT_TRUE(rule.ok());
  EXPECT_EQ("app", *rule->Find("decided_by")->array()->front().FindString("rule"));
  lab::WriteFile(Path("audit.jsonl"), "{}\n");
  const Output broken = Run({"audit", "verify", Path("audit.jsonl"), "-o", "json"});
  EXPECT_EQ(1, broken.status);
  EXPECT_FALSE(*parse(broken)->Find("good")->boolean());
}

TEST_F(CommandLineTest, WithoutADaemonLiveCommandsSaySo) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"status"}, {"cache", "list"}, {"cache", "flush"}, {"warm", "x"}}) {
    auto with_socket = command;
    with_socket.insert(with_socket.end(), {"--socket", Path("none.sock")});
    Expect(2, "no daemon at " + Path("none.sock"), with_socket);
  }
}

TEST_F(CommandLineTest, ManualAndCompletionAreWhatTheirReadersTake) {
  const Output manual = Run({"manual"});
  ASSERT_EQ(0, manual.status);
  lab::WriteFile(Path("pullseal.1"), manual.text);
  EXPECT_EQ("", Execute({"groff", "-man", "-ww", "-z", Path("pullseal.1")}).text);
  EXPECT_EQ("", Execute({"groff", "-man", "-ww", "-z",
                         std::string(std::getenv("PULLSEAL_TOP")) + "/plugin/programs/pullseald/pullseald.8"})
                    .text);
  lab::WriteFile(Path("completion"), Run({"completion"}).text);
  const auto complete = [&](const std::string& words, int count) {
    return Execute({"bash", "-c",
                    "source " + Path("completion") + "; COMP_WORDS=(" + words +
                        "); COMP_CWORD=" + std::to_string(count) + "; _pullseal; echo \"${COMPREPLY[*]}\""})
        .text;
  };
  EXPECT_EQ("verify verify-bundle\n", complete("pullseal ver", 1));
  EXPECT_EQ("--policy\n", complete("pullseal verify --pol", 2));
  EXPECT_EQ("--policy\n", complete("pullseal verify image --pol", 3));
  EXPECT_EQ("tail\n", complete("pullseal audit t", 2));
}

// A web server on this machine is the vault: the example of docs/keys.md.
TEST_F(CommandLineTest, KeysAreFetchedFromAVault) {
  const fakes::TestAuthority first;
  const fakes::TestAuthority second;
  const auto base64url = [](ByteView bytes) {
    std::string out = Base64Encode(bytes);
    while (out.ends_with('=')) out.pop_back();
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
  };
  const std::string id = R"("kid":"https://acme.vault.azure.net/keys/release/)";
  std::filesystem::create_directories(Path("vault/keys/release"));
  std::filesystem::create_directories(Path("keys"));
  for (const auto& [version, key] : {std::pair{"0f3a91bc55", &first}, std::pair{"77d0e2a455", &second}}) {
    const Bytes der = key->PublicDer();
    const ByteView point = ByteView(der).last(64);
    lab::WriteFile(Path(std::string("vault/keys/release/") + version),
                   "{\"key\":{" + id + version + R"(","kty":"EC","crv":"P-256","x":")" + base64url(point.first(32)) +
                       R"(","y":")" + base64url(point.last(32)) + R"("},"attributes":{"nbf":1790000000}})");
  }
  lab::WriteFile(Path("vault/keys/release/versions"),
                 R"({"value":[{)" + id + R"(0f3a91bc55","attributes":{"enabled":true}},{)" + id +
                     R"(77d0e2a455","attributes":{"enabled":true}},{)" + id +
                     R"(19c4ff0255","attributes":{"enabled":false}}],"nextLink":null})");
  lab::WriteFile(Path("keys/release-19c4ff02.pub"), "of a version that was enabled once");
  lab::WriteFile(Path("keys/release-77d0e2a4.pub"), second.PublicPem());
  const std::string port = std::to_string(lab::FreePort());
  const lab::Process server({"python3", "-m", "http.server", port, "--bind", "127.0.0.1", "-d", Path("vault")},
                            Path("server.log"));
  ASSERT_TRUE(lab::WaitFor(
      [&] {
        return lab::Execute({"bash", "-c", ": < /dev/tcp/127.0.0.1/" + port}).status == 0;
      },
      20));
  ::setenv("AZURE_ACCESS_TOKEN", "token", 1);
  const auto fetch = [&](const std::string& key, std::vector<std::string> more) {
    std::vector<std::string> all = {
        "key", "fetch", key, "--out", Path("keys"), "--vault-url", "http://127.0.0.1:" + port};
    all.insert(all.end(), more.begin(), more.end());
    return Run(all);
  };
  const auto done = fetch("azurekms://acme.vault.azure.net/release", {"--windows"});
  EXPECT_EQ(0, done.status) << done.text;
  for (const char* line : {"added     ", "unchanged ", "no longer enabled: ", "keys:\n  - name: release-0f3a91bc\n",
                           "    file: keys/release-77d0e2a4.pub   # ECDSA P-256\n", "notBefore: 2026-09-21T"}) {
    EXPECT_NE(std::string::npos, done.text.find(line)) << line << "\n" << done.text;
  }
  EXPECT_EQ(first.PublicPem(), lab::ReadText(Path("keys/release-0f3a91bc.pub")));
  EXPECT_EQ(second.PublicPem(), lab::ReadText(Path("keys/release-77d0e2a4.pub")));
  EXPECT_EQ(1, fetch("azurekms://acme.vault.azure.net/absent", {}).status);
  EXPECT_EQ(64, fetch("azurekms://acme.example.com/release", {}).status);
  ::unsetenv("AZURE_ACCESS_TOKEN");
}

// By key too a log entry is asked for, as cosign and sigstore-go do, unless somebody says that none is.
TEST_F(CommandLineTest, BundlesByKeyAskForALogEntry) {
  const fakes::SigstoreAuthority authority;
  const fakes::SigstoreAuthority stranger;
  const fakes::TestAuthority key;
  lab::WriteFile(Path("artifact"), "an artifact");
  lab::WriteFile(Path("key.pub"), key.PublicPem());
  lab::WriteFile(Path("root"), authority.TrustedRoot());
  const auto verify = [&](const fakes::SigstoreAuthority& by, fakes::SignPlan plan, std::vector<std::string> more) {
    plan.key = &key;
    lab::WriteFile(Path("bundle"), by.SignMessage("an artifact", plan).Bundle());
    std::vector<std::string> all = {"verify-bundle", "--bundle", Path("bundle"), "--key", Path("key.pub")};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(Path("artifact"));
    return Run(all);
  };
  using Log = fakes::SignPlan::Log;
  const std::vector<std::string> root = {"--trusted-root", Path("root")};
  EXPECT_EQ(0, verify(authority, {.log = Log::kBoth}, root).status);
  EXPECT_EQ(0, verify(authority, {.log = Log::kV2}, root).status);
  EXPECT_EQ(1, verify(authority, {.log = Log::kNone}, root).status) << "no log has it";
  EXPECT_EQ(1, verify(authority, {.log = Log::kNone, .stamped = true}, root).status) << "a timestamp is no log entry";
  EXPECT_EQ(1, verify(stranger, {.log = Log::kBoth}, root).status) << "nobody can verify its entry";
  fakes::SignPlan lying{.log = Log::kBoth};
  lying.entry = [](fakes::Entry& entry) { ++entry.integrated_time; };
  EXPECT_EQ(1, verify(authority, lying, root).status);

  const auto which = verify(authority, {.log = Log::kBoth}, {});
  EXPECT_EQ(64, which.status);
  EXPECT_NE(std::string::npos, which.text.find("--trusted-root")) << which.text;
  EXPECT_NE(std::string::npos, which.text.find("--ignore-log")) << which.text;
  EXPECT_EQ(0, verify(authority, {.log = Log::kNone}, {"--ignore-log"}).status);
  EXPECT_EQ(0, verify(stranger, {.log = Log::kBoth}, {"--ignore-log"}).status);
  const std::vector<std::string> both = {"--ignore-log", "--trusted-root", Path("root")};
  EXPECT_EQ(0, verify(authority, {.log = Log::kNone}, both).status);
  EXPECT_EQ(1, verify(authority, lying, both).status) << "ignored is what is absent, not what is false";
}

TEST_F(CommandLineTest, BundlesAreVerifiedAndTrustRootsTold) {
  const fakes::SigstoreAuthority authority;
  const fakes::SignPlan plan;
  lab::WriteFile(Path("artifact"), "an artifact");
  lab::WriteFile(Path("bundle"), authority.SignMessage("an artifact").Bundle());
  lab::WriteFile(Path("root"), authority.TrustedRoot());
  const auto verify = [&](const std::string& subject, const std::string& artifact, std::vector<std::string> more) {
    std::vector<std::string> all = {
        "verify-bundle", "--bundle", Path("bundle"), "--certificate-identity", subject, "--certificate-oidc-issuer",
        plan.issuer};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(artifact);
    return Run(all);
  };
  const std::vector<std::string> root = {"--trusted-root", Path("root")};
  EXPECT_EQ(0, verify(plan.subject, Path("artifact"), root).status);
  EXPECT_EQ(1, verify("somebody else", Path("artifact"), root).status);
  EXPECT_EQ(1, verify(plan.subject, "sha256:" + std::string(64, '0'), root).status);
  EXPECT_EQ(2, verify(plan.subject, Path("absent"), root).status);
  EXPECT_EQ(2, verify(plan.subject, Path("artifact"), {"--trusted-root", Path("absent")}).status);
  EXPECT_EQ(64, verify(plan.subject, Path("artifact"), {}).status) << "nobody to believe";
  EXPECT_EQ(64, verify(plan.subject, Path("artifact"), {"--key", Path("a.pub")}).status) << "either, not both";
  EXPECT_EQ(64, verify("", Path("artifact"), root).status);
  EXPECT_EQ(64, verify(plan.subject, Path("artifact"), {"--trusted-root", Path("root"), "--ignore-log"}).status);
  const auto told =
      json::Parse(verify(plan.subject, Path("artifact"), {"--trusted-root", Path("root"), "-o", "json"}).text);
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(plan.subject, *told->FindString("subject"));
  EXPECT_EQ(plan.issuer, *told->FindString("issuer"));
  EXPECT_EQ(1, told->Find("logs")->integer());

  Expect(0, "certificate authority: https://fulcio.test", {"trust", "show", Path("root")});
  Expect(0, "certificate /CN=test intermediate, until 2035", {"trust", "show", Path("root")});
  const auto parts = json::Parse(Run({"trust", "show", Path("root"), "-o", "json"}).text);
  ASSERT_TRUE(parts.ok() && parts->array() != nullptr);
  EXPECT_EQ(5U, parts->array()->size());
  Expect(1, "No such file or directory", {"trust", "show", Path("absent")});
  const fakes::SigstoreAuthority broken({.intermediate = [](auto& certificate) { certificate.is_authority = false; }});
  lab::WriteFile(Path("broken"), broken.TrustedRoot());
  Expect(1, "is no certificate authority", {"trust", "check", Path("broken")});
  const auto checked = json::Parse(Run({"trust", "check", Path("broken"), "-o", "json"}).text);
  ASSERT_TRUE(checked.ok());
  EXPECT_FALSE(*checked->Find("good")->boolean());
}

// A real proxy from Debian in front of a real registry that has no address of its own.
TEST_F(CommandLineTest, RegistriesBehindAProxyAreReachedAsTheEnvironmentSays) {
  std::filesystem::create_directories(Path("registry"));
  lab::Registry registry(Path("registry"));
  const lab::Image image = lab::MakeImage("behind a proxy");
  registry.PushImage("team/app", "1", image);
  const std::string payload = fakes::SimpleSigningPayload("registry.test/team/app", image.manifest.digest);
  registry.PushSignature("team/app", image.manifest.digest, payload, key_.SignBase64(payload));
  const std::string port = std::to_string(lab::FreePort());
  lab::WriteFile(Path("tinyproxy.conf"), "Port " + port + "\nListen 127.0.0.1\nTimeout 30\nMaxClients 10\nLogFile \"" +
                                             Path("proxied") + "\"\nLogLevel Connect\nUpstream http " +
                                             registry.host() + " \"registry.test\"\n");
  lab::Process proxy({"tinyproxy", "-d", "-c", Path("tinyproxy.conf")}, Path("tinyproxy.log"));
  std::string policy = Policy("anyOf: [{key: a}]");
  policy.replace(policy.find("reg.io/**"), 9, "registry.test/**");
  lab::WriteFile(Path("proxied.yaml"), policy);
  const std::string program = std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/pullseal";
  const auto verify = [&](const lab::Environment& environment) {
    return Execute({program, "verify", "registry.test/team/app:1", "--plain-http", "registry.test", "--policy",
                    Path("proxied.yaml")},
                   environment);
  };
  const std::string at = "http://127.0.0.1:" + port;
  EXPECT_TRUE(lab::WaitFor(
      [&] {
        return verify({{"HTTP_PROXY", at}}).status == 0;
      },
      10))
      << lab::ReadText(Path("tinyproxy.log"));
  const Output proxied = verify({{"HTTP_PROXY", at}});
  EXPECT_EQ(0, proxied.status) << proxied.text;
  EXPECT_NE(std::string::npos, lab::ReadText(Path("proxied")).find("registry.test"));
  for (const lab::Environment& environment : {lab::Environment{}, lab::Environment{{"HTTPS_PROXY", at}},
                                              lab::Environment{{"HTTP_PROXY", at}, {"NO_PROXY", "other.test,.test"}}}) {
    const Output direct = verify(environment);
    EXPECT_EQ(2, direct.status) << direct.text;
    EXPECT_NE(std::string::npos, direct.text.find("registry-unreachable")) << direct.text;
  }
}

// The console examples of docs/write-a-policy.md, each run on the policy above it: its output is what stands there.
TEST_F(CommandLineTest, ConsoleExamplesPrintWhatTheDocsSay) {
  std::istringstream docs(lab::ReadText(std::string(std::getenv("PULLSEAL_TOP")) + "/docs/write-a-policy.md"));
  std::filesystem::create_directories(Path("keys"));
  std::string inside;
  std::string policy;
  std::string expected;
  std::string command;
  int ran = 0;
  const auto run = [&] {
    if (command.empty()) return;
    const std::string program = std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/" + command;
    EXPECT_EQ(expected, Execute({"sh", "-c", "cd " + folder_.path() + " && " + program}).text) << command;
    command.clear();
    ++ran;
  };
  for (std::string line; std::getline(docs, line);) {
    if (line.starts_with("```")) {
      run();
      if (inside == "```yaml" && line == "```") {
        lab::WriteFile(Path("policy.yaml"), policy);
        for (std::size_t at = policy.find("keys/"); at != std::string::npos; at = policy.find("keys/", at + 1)) {
          lab::WriteFile(Path(policy.substr(at, policy.find(".pub", at) + 4 - at)), fakes::TestAuthority().PublicPem());
        }
        if (policy.find("trust/public-good.json") != std::string::npos) {
          std::filesystem::create_directories(Path("trust"));
          lab::WriteFile(Path("trust/public-good.json"), fakes::SigstoreAuthority().TrustedRoot());
        }
        policy.clear();
      }
      inside = inside.empty() ? line : "";
    } else if (inside == "```yaml") {
      policy += line + "\n";
    } else if (inside == "```console" && line.starts_with("$ ")) {
      run();
      command = line.substr(2);
      expected.clear();
    } else if (inside == "```console") {
      expected += line + "\n";
    }
  }
  EXPECT_GE(ran, 11);
}

}  // namespace
}  // namespace pullseal
