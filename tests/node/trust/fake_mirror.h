// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_TESTS_NODE_TRUST_FAKE_MIRROR_H_
#define PULLSEAL_TESTS_NODE_TRUST_FAKE_MIRROR_H_

#include <map>
#include <string>

#include "fakes/tuf_repository.h"
#include "node/trust/mirror.h"

namespace pullseal::trust {

// FakeMirror gives what a simulated repository has, or fails as it is told.
class FakeMirror final : public Mirror {
 public:
  explicit FakeMirror(fakes::TufRepository& repository) : repository_(repository) {}
  Result<std::string> Metadata(const std::string& file, std::size_t most) override { return Get(file, most); }
  Result<std::string> Target(const std::string& path, std::size_t most) override {
    return Get("targets/" + path, most);
  }

  std::map<std::string, ErrorCode> failures;  // by path

 private:
  Result<std::string> Get(const std::string& path, std::size_t most) {
    if (const auto found = failures.find(path); found != failures.end()) return Error{found->second, path + " fails"};
    auto bytes = repository_.Get(path);
    if (!bytes) return Error{ErrorCode::kNotFound, path + " is not there"};
    if (bytes->size() > most) return Error{ErrorCode::kLimit, path + " is too large"};
    return *bytes;
  }
  fakes::TufRepository& repository_;
};

}  // namespace pullseal::trust

#endif  // PULLSEAL_TESTS_NODE_TRUST_FAKE_MIRROR_H_
