// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_ORIGIN_STORE_H_
#define PULLSEAL_IMAGE_RUNTIME_ORIGIN_STORE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "image/runtime/runtime.h"

namespace pullseal::runtime {

// The containerd namespace in which our notes are image records. Nothing runs in it and it owns no content.
inline constexpr const char* kNoteNamespace = "pullseal";
// What containerd writes on a blob that it fetched: this and the host without its port, to a list of repositories
// divided by commas (containerd, core/remotes/docker/handler.go).
inline constexpr std::string_view kSourceLabel = "containerd.io/distribution.source.";

// OriginStore is what containerd's store knows of where content came from: the labels of its blobs, and notes of our
// own. Every call is bounded by the deadline and by limits::kRuntimeCallTime. Thread-safe.
class OriginStore {
 public:
  using Labels = std::map<std::string, std::string>;
  virtual ~OriginStore() = default;

  // The labels of the blob `digest`. kNotFound if the store does not have it; kLimit if they pass
  // limits::kLabelBytes.
  virtual Result<Labels> FindLabels(const oci::Digest& digest, SteadyTime deadline) = 0;
  // Sets one label of the blob; an empty value removes it.
  virtual Status SetLabel(const oci::Digest& digest, const std::string& name, const std::string& value,
                          SteadyTime deadline) = 0;

  // Those of the notes `names` that are there, and no others.
  virtual Result<std::vector<StoreRecord>> FindNotes(const std::vector<std::string>& names, SteadyTime deadline) = 0;
  // Makes a note of that name, or leaves it as it is.
  virtual Status WriteNote(const std::string& name, const oci::Digest& target, SteadyTime deadline) = 0;
  virtual Status RemoveNote(const std::string& name, SteadyTime deadline) = 0;
  // The notes whose target's hexadecimal digest begins with `prefix`.
  virtual Result<std::vector<StoreRecord>> ListNotes(const std::string& prefix, SteadyTime deadline) = 0;
};

// ConnectOriginStore returns the store behind the unix socket `socket`, of the images in `containerd_namespace`.
std::unique_ptr<OriginStore> ConnectOriginStore(const std::string& socket, const std::string& containerd_namespace);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_ORIGIN_STORE_H_
