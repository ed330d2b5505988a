// SPDX-License-Identifier: Apache-2.0
#include "fakes/fake_runtime.h"

#include "core/crypto/sha256.h"
#include "fakes/fake_registry.h"

namespace pullseal::fakes {
namespace {

std::string DigestOf(const std::string& bytes) { return "sha256:" + crypto::Sha256Hex(AsBytes(bytes)); }

}  // namespace

std::string FakeRuntime::AddImage(const std::string& name, const std::string& diff_id,
                                  const std::string& manifest_extra) {
  const std::string config = R"({"rootfs":{"type":"layers","diff_ids":[")" + diff_id + "\"]}}";
  const std::string id = DigestOf(config);
  const std::string manifest = ImageManifest(id, manifest_extra);
  content[id] = config;
  content[DigestOf(manifest)] = manifest;
  records[name] = DigestOf(manifest);
  records[id] = DigestOf(manifest);
  runtime::Image& image = images[id];
  image.id = id;
  image.repo_tags.push_back(name);
  for (const std::string& one : image.repo_tags) images[one] = image;
  return id;
}

Result<std::vector<runtime::StoreRecord>> FakeRuntime::FindRecords(const std::vector<std::string>& names, SteadyTime) {
  if (away) return Away();
  std::vector<runtime::StoreRecord> out;
  for (const std::string& name : names) {
    if (const auto found = records.find(name); found != records.end()) {
      out.push_back(runtime::StoreRecord{name, *oci::Digest::Parse(found->second), "", 0});
    }
  }
  return out;
}

Result<std::vector<runtime::StoreRecord>> FakeRuntime::FindRepository(const oci::Reference& repository, SteadyTime) {
  if (away) return Away();
  std::vector<runtime::StoreRecord> out;
  for (const auto& [name, target] : records) {
    const auto parsed = oci::Reference::Parse(name);
    if (name.starts_with("sha256:") || !parsed || parsed->MatchName() != repository.MatchName()) continue;
    out.push_back(runtime::StoreRecord{name, *oci::Digest::Parse(target), "", 0});
  }
  return out;
}

Status FakeRuntime::PointRecord(const runtime::StoreRecord& record, const oci::Digest& while_target, SteadyTime) {
  if (away) return Away();
  const auto found = records.find(record.name);
  if (found != records.end() && found->second == while_target.text()) found->second = record.target->text();
  return {};
}

Status FakeRuntime::RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime) {
  if (away) return Away();
  const auto found = records.find(name);
  if (found != records.end() && found->second == while_target.text()) records.erase(found);
  return {};
}

Result<Bytes> FakeRuntime::ReadContent(const oci::Digest& digest, std::size_t, SteadyTime) {
  if (away) return Away();
  if (const auto error = trouble.find(digest.text()); error != trouble.end()) return error->second;
  const auto found = content.find(digest.text());
  if (found == content.end()) return Error{ErrorCode::kNotFound, "no content"};
  const ByteView bytes = AsBytes(found->second);
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace pullseal::fakes
