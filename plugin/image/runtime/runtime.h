// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_RUNTIME_H_
#define PULLSEAL_IMAGE_RUNTIME_RUNTIME_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"

namespace pullseal::runtime {

// Image is what the runtime resolves a name, an ID or a prefix of one to.
struct Image {
  std::string id;  // sha256:<config digest>
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
};

// IdMapping maps `length` IDs from `container_id` on to those from `host_id` on.
struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t length = 0;
};

// UserNamespace is how a pod with a user namespace of its own (hostUsers: false) maps users and groups.
struct UserNamespace {
  std::vector<IdMapping> uids;
  std::vector<IdMapping> gids;
};

// Sandbox is a pod as it was created, not as a later request describes it.
struct Sandbox {
  std::string id;
  std::string name;
  std::string uid;
  std::string pod_namespace;
  std::optional<UserNamespace> user_namespace = std::nullopt;  // absent: the node's
};

// Snapshot is one of a snapshotter's file systems, as containerd tells of it.
struct Snapshot {
  std::string parent;                         // the name of the one it stands on; empty if none
  std::map<std::string, std::string> labels;  // containerd's and the snapshotter's own
};

// ImageVolume is an image that a container mounts.
struct ImageVolume {
  std::string image;    // as the request for its creation went to the runtime
  std::string claimed;  // user_specified_image of it, unauthenticated
};

// StoreRecord is one name in containerd's image store and what it points at now.
struct StoreRecord {
  std::string name;
  std::optional<oci::Digest> target;  // absent: the record has one, of a form we do not read
  std::string media_type;             // of the target, as the record says
  std::int64_t size = 0;              // bytes of the target, as the record says
};

// Container is a container (or a sandbox's own) as containerd recorded it.
struct Container {
  std::string id;
  std::string snapshotter;
  std::string snapshot_parent;  // chain ID of the image its root file system stands on; empty if none
  std::string image_id;         // sha256:<config digest> as CRI resolved it at creation; empty for sandboxes
  std::string sandbox_id;
  std::string claimed_name;  // user_specified_image of the creating request, unauthenticated
  std::string name;          // metadata.name of the creating request
  std::string record;        // the store's record that it was created from, as the runtime says
  bool restored = false;     // from a checkpoint, as the runtime notes in its metadata
  std::vector<ImageVolume> volumes = {};
};

// RunningContainer is one line of the runtime's list of what runs.
struct RunningContainer {
  std::string id;
  std::string name;  // of the container in its pod
  std::string sandbox_id;
  WallTime created;
};

struct PullCredentials {
  std::string username;
  std::string password;
  std::string auth;
  std::string server_address;
  std::string identity_token;
};

// Runtime is the container runtime as we need it: CRI and containerd's own API on its socket. Every call is bounded by
// the deadline and by limits::kRuntimeCallTime. kNotFound is the runtime's certain answer, kUnreachable and kTimeout
// mean that nothing is known. Thread-safe.
class Runtime {
 public:
  virtual ~Runtime() = default;

  // Resolves as CreateContainer would: full ID, name, or any unique prefix of an ID.
  virtual Result<Image> ResolveImage(const std::string& name_or_id, SteadyTime deadline) = 0;
  virtual Result<Sandbox> FindSandbox(const std::string& id, SteadyTime deadline) = 0;
  // The full ID of a container named by an ID or a prefix of one.
  virtual Result<std::string> ResolveContainer(const std::string& id, SteadyTime deadline) = 0;
  virtual Result<Container> FindContainer(const std::string& full_id, SteadyTime deadline) = 0;
  // The snapshot `name` of the snapshotter.
  virtual Result<Snapshot> FindSnapshot(const std::string& snapshotter, const std::string& name,
                                        SteadyTime deadline) = 0;
  // The containers that run now, at most limits::kRunningContainers; more is kLimit.
  virtual Result<std::vector<RunningContainer>> ListRunning(SteadyTime deadline) = 0;
  // Those of `names` that the store has, and no others.
  virtual Result<std::vector<StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime deadline) = 0;
  // Every record of the repository that `repository` is of, in any spelling of its host (oci::Reference::MatchName).
  // The answer does not grow with other repositories' records; of one with more than the runtime can send it is kLimit.
  virtual Result<std::vector<StoreRecord>> FindRepository(const oci::Reference& repository, SteadyTime deadline) = 0;
  // Bytes of `digest` from the content store, at most `most`, not hashed.
  virtual Result<Bytes> ReadContent(const oci::Digest& digest, std::size_t most, SteadyTime deadline) = 0;
  // Points the record `name` at what the record `source` points at, creating it if need be; other labels are kept.
  virtual Status TagAs(const std::string& name, const std::string& source, SteadyTime deadline) = 0;
  // Points the record `record.name` at `record.target` if it leads to `while_target` now; else nothing is done.
  virtual Status PointRecord(const StoreRecord& record, const oci::Digest& while_target, SteadyTime deadline) = 0;
  // Removes the record `name` if it leads to `while_target` now; else nothing is done.
  virtual Status RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime deadline) = 0;
  // Pulls through the runtime and returns the image's ID.
  virtual Result<std::string> Pull(const std::string& name, const PullCredentials& credentials,
                                   SteadyTime deadline) = 0;
  virtual Status RemoveContainer(const std::string& id, SteadyTime deadline) = 0;
  virtual Status RemoveSandbox(const std::string& id, SteadyTime deadline) = 0;
  // The pause image the runtime says it uses; kNotFound if it does not say.
  virtual Result<std::string> SandboxImage(SteadyTime deadline) = 0;
  // The runtime's own version, such as "2.1.9".
  virtual Result<std::string> Version(SteadyTime deadline) = 0;
};

// ConnectRuntime returns the runtime behind the unix socket `socket`, its images and containers in
// `containerd_namespace`. It connects when first used, and again after the runtime restarted.
std::unique_ptr<Runtime> ConnectRuntime(const std::string& socket, const std::string& containerd_namespace);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_RUNTIME_H_
