// SPDX-License-Identifier: Apache-2.0
// tuf_judge FOLDER MIRROR TIME [TARGET]: the client of plugin/node/trust at a given time, over a folder that is a
// mirror. For tests/long/tuf, whose year is virtual; the product has no such option. 0 or 1, and the reason.
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "node/trust/client.h"

namespace {

int Say(const pullseal::trust::Failure& failure) {
  const auto* refusal = std::get_if<pullseal::tuf::Refusal>(&failure);
  if (refusal != nullptr) {
    std::printf("%s %s: %s\n", refusal->role.c_str(), std::string(pullseal::tuf::Text(refusal->reason)).c_str(),
                refusal->message.c_str());
  } else {
    std::printf("trouble: %s\n", std::get<pullseal::Error>(failure).message.c_str());
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pullseal;
  if (argc < 4) return 64;
  const auto now = tuf::ReadTime(argv[3]);
  const auto root = ReadFile(std::string(argv[1]) + "/root.json", tuf::MostBytes(tuf::Role::kRoot));
  if (!now || !root) return 64;
  auto set = tuf::TrustedSet::Start(*root, *now, tuf::Ends::kRefuse);
  if (!set) return Say(set.error());
  trust::FolderMirror mirror(argv[2]);
  trust::FolderCopies copies(argv[1]);
  trust::Client client(std::move(set).value(), mirror, copies);
  if (const auto done = client.Refresh(); !done) return Say(done.failure());
  if (argc == 4) return 0;
  const auto info = client.Find(argv[4]);
  if (!info) return Say(info.failure());
  const auto bytes = client.Fetch(argv[4], *info);
  if (!bytes) return Say(bytes.failure());
  std::printf("%s\n", bytes->c_str());
  return 0;
}
