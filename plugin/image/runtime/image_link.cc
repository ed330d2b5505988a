// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/image_link.h"

#include <algorithm>
#include <utility>

#include "core/base/mutex.h"
#include "image/oci/limits.h"

namespace pullseal::runtime {
namespace {

// Annotations by which container runtimes mark an image as a container checkpoint.
bool IsCheckpoint(const oci::Manifest& manifest) {
  for (const auto& [name, value] : manifest.annotations) {
    if (name.starts_with("org.criu.checkpoint.") || name.starts_with("io.kubernetes.cri-o.annotations.checkpoint.")) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<oci::Digest> Link::Candidates() const {
  if (target == manifest) return {manifest};
  return {target, manifest};
}

Result<std::shared_ptr<const Bytes>> Linker::Read(const oci::Digest& digest, std::size_t most, SteadyTime deadline) {
  {
    const MutexLock lock(mutex_);
    if (auto known = contents_.Find(digest.text())) return *known;
  }
  auto bytes = runtime_.ReadContent(digest, most, deadline);
  if (!bytes && bytes.error().code == ErrorCode::kLimit) return Error{ErrorCode::kInvalid, bytes.error().message};
  if (!bytes) return bytes.error();
  if (oci::Digest::Of(*bytes) != digest) {
    return Error{ErrorCode::kMismatch, "the content store's bytes for " + digest.text() + " have another digest"};
  }
  auto shared = std::make_shared<const Bytes>(std::move(*bytes));
  const MutexLock lock(mutex_);
  contents_.Put(digest.text(), shared, shared->size() + 256);
  return std::shared_ptr<const Bytes>(shared);
}

// What does not parse, or passes a bound of a manifest, surely proves nothing.
Result<oci::Manifest> Linker::ReadManifest(const oci::Digest& digest, SteadyTime deadline) {
  auto bytes = Read(digest, limits::kManifestBytes, deadline);
  if (!bytes) return bytes.error();
  auto parsed = oci::Manifest::Parse(**bytes, "");
  if (!parsed) return Error{ErrorCode::kInvalid, parsed.error().message};
  return parsed;
}

Result<std::vector<Link>> Linker::Follow(const StoreRecord& record, const std::optional<oci::Digest>& id,
                                         SteadyTime deadline) {
  if (!record.target) {
    return Error{ErrorCode::kInvalid, "record " + Printable(record.name, 200) + " has a target of an unknown form"};
  }
  auto top = ReadManifest(*record.target, deadline);
  if (!top) return top.error().In("record " + Printable(record.name, 200));
  const bool checkpoint = IsCheckpoint(*top);
  std::vector<Link> out;
  if (top->kind == oci::Manifest::Kind::kImage) {
    if (!id || top->config->digest == *id) {
      out.push_back(Link{record.name, *record.target, *record.target, top->config->digest, checkpoint});
    }
    return out;
  }
  std::optional<Error> trouble;
  for (const oci::Descriptor& entry : top->manifests) {
    if (!oci::FitsPlatform(entry, node_)) continue;
    auto child = ReadManifest(entry.digest, deadline);
    if (!child && child.error().code == ErrorCode::kNotFound) continue;  // never pulled
    if (!child && !trouble) trouble = child.error().In("record " + Printable(record.name, 200));
    if (!child || child->kind != oci::Manifest::Kind::kImage) continue;
    if (id && child->config->digest != *id) continue;
    out.push_back(
        Link{record.name, *record.target, entry.digest, child->config->digest, checkpoint || IsCheckpoint(*child)});
  }
  if (out.empty() && trouble) return *trouble;
  return out;
}

Result<std::vector<Link>> Linker::Prove(const StoreRecord& record, const oci::Digest& id, SteadyTime deadline) {
  return Follow(record, id, deadline);
}

Result<std::vector<Link>> Linker::ProveRecord(const StoreRecord& record, SteadyTime deadline) {
  return Follow(record, std::nullopt, deadline);
}

void Linker::Forget() {
  const MutexLock lock(mutex_);
  contents_.Clear();
}

Result<std::vector<Layer>> Linker::Layers(const Link& link, SteadyTime deadline) {
  auto manifest = ReadManifest(link.manifest, deadline);
  if (!manifest) return manifest.error();
  auto bytes = Read(link.config, limits::kImageConfigBytes, deadline);
  if (!bytes) return bytes.error();
  auto config = oci::ImageConfig::Parse(**bytes);
  if (!config) return config.error();
  if (manifest->layers.size() != config->diff_ids.size()) {
    return Error{ErrorCode::kInvalid, "manifest " + link.manifest.text() + " has not the layers of its config"};
  }
  std::vector<Layer> out;
  std::vector<std::string> chain = config->ChainIds();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    out.push_back(Layer{.descriptor = manifest->layers[i],
                        .diff_id = config->diff_ids[i].text(),
                        .parent = i == 0 ? std::string() : chain[i - 1],
                        .chain_id = chain[i]});
  }
  return out;
}

Result<std::string> Linker::ChainId(const oci::Digest& id, SteadyTime deadline) {
  auto bytes = Read(id, limits::kImageConfigBytes, deadline);
  if (!bytes) return bytes.error();
  auto config = oci::ImageConfig::Parse(**bytes);
  if (!config) return config.error();
  return config->ChainId();
}

}  // namespace pullseal::runtime
