// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/second_try.h"

#include <utility>

namespace pullseal::runtime {
namespace {

// Asks once more where the first answer was that the runtime cannot be reached: after a restart of the runtime the
// first call finds the old connection dead, the second one waits for the new. Every call here may be made twice.
class SecondTry final : public Runtime {
 public:
  explicit SecondTry(std::unique_ptr<Runtime> inner) : inner_(std::move(inner)) {}

  Result<Image> ResolveImage(const std::string& name, SteadyTime deadline) override {
    return Twice([&] { return inner_->ResolveImage(name, deadline); });
  }
  Result<Sandbox> FindSandbox(const std::string& id, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindSandbox(id, deadline); });
  }
  Result<std::string> ResolveContainer(const std::string& id, SteadyTime deadline) override {
    return Twice([&] { return inner_->ResolveContainer(id, deadline); });
  }
  Result<Container> FindContainer(const std::string& full_id, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindContainer(full_id, deadline); });
  }
  Result<Snapshot> FindSnapshot(const std::string& snapshotter, const std::string& name, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindSnapshot(snapshotter, name, deadline); });
  }
  Result<std::vector<RunningContainer>> ListRunning(SteadyTime deadline) override {
    return Twice([&] { return inner_->ListRunning(deadline); });
  }
  Result<std::vector<StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindRecords(names, deadline); });
  }
  Result<std::vector<StoreRecord>> FindRepository(const oci::Reference& repository, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindRepository(repository, deadline); });
  }
  Status PointRecord(const StoreRecord& record, const oci::Digest& while_target, SteadyTime deadline) override {
    return Twice([&] { return inner_->PointRecord(record, while_target, deadline); });
  }
  Status RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime deadline) override {
    return Twice([&] { return inner_->RemoveRecord(name, while_target, deadline); });
  }
  Result<Bytes> ReadContent(const oci::Digest& digest, std::size_t most, SteadyTime deadline) override {
    return Twice([&] { return inner_->ReadContent(digest, most, deadline); });
  }
  Status TagAs(const std::string& name, const std::string& source, SteadyTime deadline) override {
    return Twice([&] { return inner_->TagAs(name, source, deadline); });
  }
  Result<std::string> Pull(const std::string& name, const PullCredentials& credentials, SteadyTime deadline) override {
    return Twice([&] { return inner_->Pull(name, credentials, deadline); });
  }
  Status RemoveContainer(const std::string& id, SteadyTime deadline) override {
    return Twice([&] { return inner_->RemoveContainer(id, deadline); });
  }
  Status RemoveSandbox(const std::string& id, SteadyTime deadline) override {
    return Twice([&] { return inner_->RemoveSandbox(id, deadline); });
  }
  Result<std::string> SandboxImage(SteadyTime deadline) override {
    return Twice([&] { return inner_->SandboxImage(deadline); });
  }
  Result<std::string> Version(SteadyTime deadline) override {
    return Twice([&] { return inner_->Version(deadline); });
  }

 private:
  template <typename Ask>
  static auto Twice(Ask ask) -> decltype(ask()) {
    auto first = ask();
    if (first.ok() || first.error().code != ErrorCode::kUnreachable) return first;
    return ask();
  }

  const std::unique_ptr<Runtime> inner_;
};

}  // namespace

std::unique_ptr<Runtime> AskTwice(std::unique_ptr<Runtime> inner) {
  return std::make_unique<SecondTry>(std::move(inner));
}

}  // namespace pullseal::runtime
