// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ORIGIN_NODE_ORIGINS_H_
#define PULLSEAL_GATE_ORIGIN_NODE_ORIGINS_H_

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "gate/gate/origins.h"
#include "image/registry/client.h"
#include "image/runtime/origin_store.h"
#include "image/runtime/runtime.h"

namespace pullseal::origin {

// NodeOrigins is what containerd's store on this node says of where content came from:
//   - our notes: records HOST[:PORT]/REPOSITORY@DIGEST in a namespace of our own, asked for by exact name;
//   - containerd's own notes on the manifest's and the index's blob (source_label.h), for hosts without a port and
//     without peer mirrors, because those are earned under any name;
//   - for the pause image that containerd is configured for, as a sandbox: the digest that its record had when this
//     name was first seen both configured and stored. That is kept as a note, too, and never changed.
// Thread-safe.
class NodeOrigins final : public gate::Origins {
 public:
  // `pause` says which pause image containerd is configured for.
  using PauseName = std::function<Result<std::string>(SteadyTime deadline)>;
  NodeOrigins(runtime::OriginStore& store, runtime::Runtime& runtime, registry::Client& registry, const Clock& clock,
              PauseName pause)
      : store_(store), runtime_(runtime), registry_(registry), clock_(clock), pause_(std::move(pause)) {}

  Result<bool> IsProven(const gate::OriginClaim& claim) override;
  Status Note(const oci::Reference& repository, const oci::Digest& digest, SteadyTime deadline) override;
  void BeginPull(const oci::Reference& name, const oci::Digest& digest, SteadyTime deadline) override;
  void EndPull(const oci::Reference& name, const std::vector<oci::Digest>& digests, SteadyTime deadline) override;

  // Removes notes of content that the store has no longer, and what pulls earned whose end nobody saw. In parts; ends
  // soon once `stopping`. How many notes were removed.
  Result<int> Sweep(const std::atomic<bool>& stopping);
  // Removes all notes: for uninstalling. How many there were.
  Result<int> RemoveAll(const std::atomic<bool>& stopping);

 private:
  // What a pull from a host with a port may add to containerd's notes: this path, on this blob, in this label.
  struct Earned {
    oci::Digest digest;
    std::string label;
    std::string path;
    bool before;  // it was there before the pull, and stays
    SteadyTime since;
  };
  Result<bool> IsNoted(const gate::OriginClaim& claim);
  Result<bool> IsLabelled(const gate::OriginClaim& claim, const oci::Digest& digest);
  Result<bool> Counts(const oci::Digest& digest, const std::string& label, const std::string& host,
                      const std::string& path);
  Result<bool> IsPause(const gate::OriginClaim& claim);
  bool IsWatched(const oci::Digest& digest, const std::string& label, const std::string& path);
  // Takes one entry of `watched_` for this; absent if there is none.
  std::optional<Earned> TakeWatched(const Earned& like);
  Status TakeAway(const Earned& earned, SteadyTime deadline);
  Result<int> RemoveNotes(const std::function<Result<bool>(const runtime::StoreRecord&)>& which,
                          const std::atomic<bool>& stopping);

  runtime::OriginStore& store_;
  runtime::Runtime& runtime_;
  registry::Client& registry_;
  const Clock& clock_;
  const PauseName pause_;
  Mutex mutex_;
  std::multimap<std::string, Earned> watched_ PULLSEAL_GUARDED_BY(mutex_);  // by digest
};

}  // namespace pullseal::origin

#endif  // PULLSEAL_GATE_ORIGIN_NODE_ORIGINS_H_
