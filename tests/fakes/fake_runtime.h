// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_FAKE_RUNTIME_H_
#define PULLSEAL_FAKES_FAKE_RUNTIME_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "image/runtime/runtime.h"

namespace pullseal::fakes {

// FakeRuntime is a container runtime in memory. Tests set its members, between calls only.
class FakeRuntime final : public runtime::Runtime {
 public:
  std::map<std::string, runtime::Image> images;  // by any name or ID that resolves
  std::map<std::string, runtime::Sandbox> sandboxes;
  std::map<std::string, runtime::Container> containers;
  std::map<std::string, runtime::Snapshot> snapshots;  // by name, of any snapshotter
  std::map<std::string, std::string> records;          // name -> target digest
  std::map<std::string, std::string> content;          // digest -> bytes, as the store gives them
  std::string sandbox_image;
  std::string version = "1.7.24";
  std::optional<Error> pull_trouble;     // every pull meets it
  bool away = false;                     // every call fails
  std::map<std::string, Error> trouble;  // what reading the content of a digest meets instead of bytes
  std::vector<std::string> resolved;     // what ResolveImage was asked: its answer grows with others' names
  std::vector<std::string> removed;
  std::vector<std::string> tagged;
  std::vector<std::string> pulled;

  // An image whose config has one layer `diff_id`; returns its ID. `name` is its record, `target` what it points at if
  // not the manifest itself.
  std::string AddImage(const std::string& name, const std::string& diff_id, const std::string& manifest_extra = "");
  std::string ManifestOf(const std::string& name) const { return records.at(name); }

  Result<runtime::Image> ResolveImage(const std::string& name, SteadyTime) override {
    resolved.push_back(name);
    return Find(images, name);
  }
  Result<runtime::Sandbox> FindSandbox(const std::string& id, SteadyTime) override { return Find(sandboxes, id); }
  Result<std::string> ResolveContainer(const std::string& id, SteadyTime) override {
    if (away) return Away();
    for (const auto& [full, container] : containers) {
      if (full.starts_with(id)) return full;
    }
    return Error{ErrorCode::kNotFound, "no container"};
  }
  Result<runtime::Container> FindContainer(const std::string& id, SteadyTime) override { return Find(containers, id); }
  Result<runtime::Snapshot> FindSnapshot(const std::string&, const std::string& name, SteadyTime) override {
    return Find(snapshots, name);
  }
  Result<std::vector<runtime::RunningContainer>> ListRunning(SteadyTime) override {
    if (away) return Away();
    std::vector<runtime::RunningContainer> out;
    for (const auto& [id, one] : containers) out.push_back({id, one.name, one.sandbox_id, WallTime()});
    return out;
  }
  Result<std::vector<runtime::StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime) override;
  Result<std::vector<runtime::StoreRecord>> FindRepository(const oci::Reference& repository, SteadyTime) override;
  Status PointRecord(const runtime::StoreRecord& record, const oci::Digest& while_target, SteadyTime) override;
  Status RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime) override;
  Result<Bytes> ReadContent(const oci::Digest& digest, std::size_t, SteadyTime) override;
  Status TagAs(const std::string& name, const std::string& source, SteadyTime) override {
    tagged.push_back(name);
    if (away) return Away();
    if (const auto found = records.find(source); found != records.end()) records[name] = found->second;
    if (const auto found = images.find(source); found != images.end()) images[name] = found->second;
    return {};
  }
  Result<std::string> Pull(const std::string& name, const runtime::PullCredentials&, SteadyTime) override {
    pulled.push_back(name);
    if (pull_trouble) return *pull_trouble;
    return std::string();
  }
  Status RemoveContainer(const std::string& id, SteadyTime) override {
    removed.push_back(id);
    return {};
  }
  Status RemoveSandbox(const std::string& id, SteadyTime) override {
    removed.push_back(id);
    return {};
  }
  Result<std::string> SandboxImage(SteadyTime) override {
    if (away) return Away();
    if (sandbox_image.empty()) return Error{ErrorCode::kNotFound, "not told"};
    return sandbox_image;
  }
  Result<std::string> Version(SteadyTime) override {
    if (away) return Away();
    return version;
  }

 private:
  static Error Away() { return Error{ErrorCode::kUnreachable, "the runtime is away"}; }
  template <typename T>
  Result<T> Find(const std::map<std::string, T>& map, const std::string& key) {
    if (away) return Away();
    const auto found = map.find(key);
    if (found == map.end()) return Error{ErrorCode::kNotFound, "not there: " + key};
    return found->second;
  }
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_FAKE_RUNTIME_H_
