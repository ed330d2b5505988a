// SPDX-License-Identifier: Apache-2.0
// The YAML examples in the documentation are read as the daemon reads them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "core/base/bytes.h"
#include "core/json/value.h"
#include "fakes/notary_authority.h"
#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "gate/gate/decision.h"
#include "image/registry/hosts_file.h"
#include "node/config/config.h"
#include "policy/file/parse.h"

namespace pullseal::daemon {
namespace {

std::vector<std::string> Blocks(const std::filesystem::path& file, const std::string& language) {
  std::ifstream in(file);
  std::vector<std::string> out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      out.back() += line + "\n";
    } else if (line == "```" + language) {
      inside = true;
      out.emplace_back();
    }
  }
  return out;
}

// A root of its own for each kind of store, DER.
Result<std::string> CertificateFor(const std::string& file) {
  static const fakes::NotaryAuthority authority;
  const bool times = file.find("time") != std::string::npos;
  return std::string(AsText(times ? authority.tsa_root().der : authority.root().der));
}

TEST(DocsTest, EveryExampleIsAccepted) {
  std::map<std::string, fakes::TestAuthority> keys;
  const std::string trusted_root = fakes::SigstoreAuthority().TrustedRoot();
  const std::filesystem::path top = PULLSEAL_TOP;
  int policies = 0;
  int configs = 0;
  std::vector<std::filesystem::path> files = {top / "README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(top / "docs")) files.push_back(entry.path());
  for (const auto& file : files) {
    if (file.extension() != ".md") continue;
    for (const std::string& block : Blocks(file, "toml")) {
      const auto hosts = registry::ParseHostsFile(block);
      EXPECT_TRUE(hosts.ok()) << file << ": " << hosts.error().message;
    }
    for (const std::string& block : Blocks(file, "yaml")) {
      if (block.find("kind: NodePolicy") != std::string::npos) {
        ++policies;
        const auto policy = policy::ParsePolicy(block, [&](const std::string& name) {
          if (name.ends_with(".crt")) return CertificateFor(name);
          return Result<std::string>(name.ends_with(".json") ? trusted_root : keys[name].PublicPem());
        });
        EXPECT_TRUE(policy.ok()) << file << ": " << policy.error().message;
      } else {
        ++configs;
        const auto config = config::Parse(block);
        EXPECT_TRUE(config.ok()) << file << ": " << config.error().message;
      }
    }
  }
  EXPECT_GE(policies, 2);
  EXPECT_GE(configs, 1);
}

// The rows of docs/refusals.md that the table of reasons gives for one outcome.
std::string RowsOf(gate::Outcome outcome) {
  std::string out;
  for (const judge::ReasonRow& row : judge::Reasons()) {
    if (row.outcome != outcome) continue;
    out +=
        "| `" + std::string(row.slug) + "` | " + std::string(row.sentence) + " | " + std::string(row.who_acts) + " |\n";
  }
  return out;
}

// The page's tables are the program's: every reason in its order, with the very sentence that a pod's author reads, and
// none that the program does not know.
TEST(DocsTest, EveryReasonIsExplained) {
  std::ifstream in(std::string(PULLSEAL_TOP) + "/docs/refusals.md");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string head = "| reason | what the pod's author reads | who acts |\n|---|---|---|\n";
  for (const gate::Outcome outcome : {gate::Outcome::kDeny, gate::Outcome::kUnavailable}) {
    const std::string rows = RowsOf(outcome);
    EXPECT_NE(std::string::npos, text.find(head + rows + "\n")) << "docs/refusals.md must have this table:\n" << rows;
  }
}

// What a registry answered, though not about signatures, pages nobody; everything else that is undecided does.
TEST(DocsTest, TheAlertForOutagesLeavesOutAnswersAndNothingElse) {
  std::ifstream in(std::string(PULLSEAL_TOP) + "/daemonset/monitoring/alerts.yaml");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::string left_out;
  for (const judge::ReasonRow& row : judge::Reasons()) {
    if (row.outcome != gate::Outcome::kUnavailable || !row.answered) continue;
    left_out += (left_out.empty() ? "" : "|") + std::string(row.slug);
  }
  EXPECT_NE(std::string::npos, text.find("{outcome=\"unavailable\",reason!~\"" + left_out + "\"}")) << left_out;
}

// What the page on the admin protocol shows is what the daemon knows, and all of it.
TEST(DocsTest, EveryAdminCommandIsShown) {
  const std::filesystem::path top = PULLSEAL_TOP;
  std::set<std::string> shown;
  for (const std::string& block : Blocks(top / "docs/admin-protocol.md", "jsonl")) {
    std::istringstream lines(block);
    for (std::string line; std::getline(lines, line);) {
      const auto request = json::Parse(line);
      ASSERT_TRUE(request.ok()) << line;
      const std::string* command = request->FindString("command");
      ASSERT_NE(nullptr, command) << line;
      shown.insert(*command);
    }
  }
  std::ifstream page(top / "docs/admin-protocol.md");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  for (const std::string& one : shown) EXPECT_NE(std::string::npos, text.find("| `" + one + "` | ")) << one;
  std::ifstream in(top / "plugin/programs/pullseald/admin_commands.cc");
  const std::string source(std::istreambuf_iterator<char>(in), {});
  std::set<std::string> known;
  constexpr std::string_view kAsked = "*command == \"";
  for (auto at = source.find(kAsked); at != std::string::npos; at = source.find(kAsked, at + 1)) {
    const auto begin = at + kAsked.size();
    known.insert(source.substr(begin, source.find('"', begin) - begin));
  }
  EXPECT_EQ(known, shown);
}

}  // namespace
}  // namespace pullseal::daemon
