// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "containerd_containers.grpc.pb.h"
#include "containerd_content.grpc.pb.h"
#include "containerd_snapshots.grpc.pb.h"
#include "core/base/limits.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "cri.grpc.pb.h"
#include "image/runtime/grpc_call.h"
#include "image/runtime/image_store.h"
#include "image/runtime/limits.h"
#include "image/runtime/runtime.h"
#include "image/runtime/second_try.h"

namespace pullseal::runtime {
namespace {

namespace cri = ::runtime::v1;
namespace content = ::containerd::services::content::v1;
namespace containers = ::containerd::services::containers::v1;
namespace snapshots = ::containerd::services::snapshots::v1;

// Where containerd's CRI keeps what it knows of a container, in all versions from 1.0 to 2.x.
constexpr const char* kContainerMetadata = "io.cri-containerd.container.metadata";
constexpr int kNamespaceOfPod = 0;    // NamespaceMode.POD
constexpr int kContainerRunning = 1;  // ContainerState.CONTAINER_RUNNING

std::string TextMember(const json::Value* object, std::string_view name) {
  const std::string* text = object != nullptr ? object->FindString(name) : nullptr;
  return text != nullptr ? *text : std::string();
}

// Reads the CRI metadata that containerd stores with a container as JSON.
Status ReadMetadata(const std::string& text, Container& out) {
  const auto parsed = json::Parse(text);
  if (!parsed) return Error{ErrorCode::kRemote, "the runtime's metadata of a container: " + parsed.error().message};
  const json::Value* metadata = parsed->Find("Metadata");
  if (metadata == nullptr) return Error{ErrorCode::kRemote, "the runtime's metadata of a container has no Metadata"};
  out.image_id = TextMember(metadata, "ImageRef");
  out.sandbox_id = TextMember(metadata, "SandboxID");
  const json::Value* config = metadata->Find("Config");
  if (config == nullptr) return {};
  if (const json::Value* notes = config->Find("annotations")) out.restored = notes->Find("restored") != nullptr;
  out.claimed_name = TextMember(config->Find("image"), "user_specified_image");
  out.name = TextMember(config->Find("metadata"), "name");
  const json::Value* mounts = config->Find("mounts");
  if (mounts == nullptr || mounts->array() == nullptr) return {};
  for (const json::Value& mount : *mounts->array()) {
    const json::Value* image = mount.Find("image");
    if (image == nullptr || image->object() == nullptr) continue;
    out.volumes.push_back(ImageVolume{TextMember(image, "image"), TextMember(image, "user_specified_image")});
  }
  return {};
}

std::optional<UserNamespace> UserNamespaceOf(const cri::NamespaceOption& options) {
  if (!options.has_userns_options() || options.userns_options().mode() != kNamespaceOfPod) return std::nullopt;
  UserNamespace out;
  for (const auto& one : options.userns_options().uids()) {
    out.uids.push_back(IdMapping{one.container_id(), one.host_id(), one.length()});
  }
  for (const auto& one : options.userns_options().gids()) {
    out.gids.push_back(IdMapping{one.container_id(), one.host_id(), one.length()});
  }
  return out;
}

class GrpcRuntime final : public Runtime {
 public:
  GrpcRuntime(const std::string& socket, std::string containerd_namespace)
      : namespace_(std::move(containerd_namespace)),
        channel_(Connect(socket, limits::kGrpcMessageBytes)),
        runtime_(cri::RuntimeService::NewStub(channel_)),
        image_(cri::ImageService::NewStub(channel_)),
        store_(channel_, namespace_),
        content_(content::Content::NewStub(channel_)),
        containers_(containers::Containers::NewStub(channel_)),
        snapshots_(snapshots::Snapshots::NewStub(channel_)) {}

  Result<Image> ResolveImage(const std::string& name_or_id, SteadyTime deadline) override {
    cri::ImageStatusRequest request;
    request.mutable_image()->set_image(name_or_id);
    cri::ImageStatusResponse response;
    GrpcCall call(*channel_, deadline);
    if (auto s = image_->ImageStatus(&call.context, request, &response); !s.ok()) return ToError(s, "ImageStatus");
    if (!response.has_image() || response.image().id().empty()) {
      return Error{ErrorCode::kNotFound, "the runtime has no image \"" + Printable(name_or_id, 200) + "\""};
    }
    const cri::Image& image = response.image();
    return Image{image.id(),
                 {image.repo_tags().begin(), image.repo_tags().end()},
                 {image.repo_digests().begin(), image.repo_digests().end()}};
  }

  // What a sandbox was created with never changes and its ID is never used again, so it is asked once.
  Result<Sandbox> FindSandbox(const std::string& id, SteadyTime deadline) override {
    {
      const MutexLock lock(mutex_);
      if (auto known = sandboxes_.Find(id)) return *known;
    }
    cri::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(id);
    cri::PodSandboxStatusResponse response;
    GrpcCall call(*channel_, deadline);
    auto s = runtime_->PodSandboxStatus(&call.context, request, &response);
    if (!s.ok()) return ToError(s, "PodSandboxStatus");
    const auto& status = response.status();
    if (status.id().empty()) return Error{ErrorCode::kRemote, "runtime PodSandboxStatus: empty answer"};
    Sandbox out{status.id(), status.metadata().name(), status.metadata().uid(), status.metadata().namespace_()};
    out.user_namespace = UserNamespaceOf(status.linux().namespaces().options());
    const MutexLock lock(mutex_);
    sandboxes_.Put(out.id, out);  // by its full ID only: a prefix can become ambiguous
    return out;
  }

  Result<std::string> ResolveContainer(const std::string& id, SteadyTime deadline) override {
    cri::ContainerStatusRequest request;
    request.set_container_id(id);
    cri::ContainerStatusResponse response;
    GrpcCall call(*channel_, deadline);
    auto s = runtime_->ContainerStatus(&call.context, request, &response);
    if (!s.ok()) return ToError(s, "ContainerStatus");
    if (response.status().id().empty()) return Error{ErrorCode::kRemote, "runtime ContainerStatus: empty answer"};
    return response.status().id();
  }

  Result<Container> FindContainer(const std::string& full_id, SteadyTime deadline) override {
    containers::GetContainerRequest request;
    request.set_id(full_id);
    containers::GetContainerResponse response;
    GrpcCall call(*channel_, deadline, namespace_);
    if (auto s = containers_->Get(&call.context, request, &response); !s.ok()) return ToError(s, "containers.Get");
    const auto& found = response.container();
    Container out;
    out.id = found.id();
    out.snapshotter = found.snapshotter();
    out.record = found.image();
    if (const auto extension = found.extensions().find(kContainerMetadata); extension != found.extensions().end()) {
      if (auto read = ReadMetadata(extension->second.value(), out); !read) return read.error();
    }
    auto snapshot = FindSnapshot(found.snapshotter(), found.snapshot_key(), deadline);
    if (!snapshot) return snapshot.error();
    out.snapshot_parent = std::move(snapshot->parent);
    return out;
  }

  Result<Snapshot> FindSnapshot(const std::string& snapshotter, const std::string& name, SteadyTime deadline) override {
    snapshots::StatSnapshotRequest request;
    request.set_snapshotter(snapshotter);
    request.set_key(name);
    snapshots::StatSnapshotResponse response;
    GrpcCall call(*channel_, deadline, namespace_);
    if (auto s = snapshots_->Stat(&call.context, request, &response); !s.ok()) return ToError(s, "snapshots.Stat");
    return Snapshot{response.info().parent(), {response.info().labels().begin(), response.info().labels().end()}};
  }

  Result<std::vector<RunningContainer>> ListRunning(SteadyTime deadline) override {
    cri::ListContainersResponse response;
    GrpcCall call(*channel_, deadline);
    auto s = runtime_->ListContainers(&call.context, cri::ListContainersRequest(), &response);
    if (!s.ok()) return ToError(s, "ListContainers");
    std::vector<RunningContainer> out;
    for (const cri::Container& one : response.containers()) {
      if (one.state() != kContainerRunning) continue;
      if (out.size() >= limits::kRunningContainers) return Error{ErrorCode::kLimit, "too many containers run"};
      out.push_back(RunningContainer{
          one.id(), one.metadata().name(), one.pod_sandbox_id(),
          WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(one.created_at())))});
    }
    return out;
  }

  Result<std::vector<StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime deadline) override {
    return store_.FindRecords(names, deadline);
  }
  Result<std::vector<StoreRecord>> FindRepository(const oci::Reference& repository, SteadyTime deadline) override {
    return store_.FindRepository(repository, deadline);
  }
  Status TagAs(const std::string& name, const std::string& source, SteadyTime deadline) override {
    return store_.TagAs(name, source, deadline);
  }
  Status PointRecord(const StoreRecord& record, const oci::Digest& while_target, SteadyTime deadline) override {
    return store_.PointRecord(record, while_target, deadline);
  }
  Status RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime deadline) override {
    return store_.RemoveRecord(name, while_target, deadline);
  }

  Result<Bytes> ReadContent(const oci::Digest& digest, std::size_t most, SteadyTime deadline) override {
    content::ReadContentRequest request;
    request.set_digest(digest.text());
    GrpcCall call(*channel_, deadline, namespace_);
    auto reader = content_->Read(&call.context, request);
    Bytes out;
    content::ReadContentResponse chunk;
    bool too_large = false;
    while (!too_large && reader->Read(&chunk)) {
      const ByteView data = AsBytes(chunk.data());
      too_large = out.size() + data.size() > most;
      if (!too_large) out.insert(out.end(), data.begin(), data.end());
    }
    if (too_large) call.context.TryCancel();
    const grpc::Status status = reader->Finish();
    if (too_large) return Error{ErrorCode::kLimit, "content " + digest.text() + " is too large"};
    if (!status.ok()) return ToError(status, "content.Read");
    return out;
  }

  Result<std::string> Pull(const std::string& name, const PullCredentials& credentials, SteadyTime deadline) override {
    cri::PullImageRequest request;
    request.mutable_image()->set_image(name);
    if (!credentials.username.empty() || !credentials.auth.empty() || !credentials.identity_token.empty()) {
      auto& auth = *request.mutable_auth();
      auth.set_username(credentials.username);
      auth.set_password(credentials.password);
      auth.set_auth(credentials.auth);
      auth.set_server_address(credentials.server_address);
      auth.set_identity_token(credentials.identity_token);
    }
    cri::PullImageResponse response;
    grpc::ClientContext context;
    context.set_deadline(ToSystem(deadline));
    if (auto s = image_->PullImage(&context, request, &response); !s.ok()) return ToError(s, "PullImage");
    return response.image_ref();
  }

  Status RemoveContainer(const std::string& id, SteadyTime deadline) override {
    cri::RemoveContainerRequest request;
    request.set_container_id(id);
    cri::RemoveContainerResponse response;
    GrpcCall call(*channel_, deadline);
    auto s = runtime_->RemoveContainer(&call.context, request, &response);
    return s.ok() ? Status() : Status(ToError(s, "RemoveContainer"));
  }

  Status RemoveSandbox(const std::string& id, SteadyTime deadline) override {
    cri::StopPodSandboxRequest stop;
    stop.set_pod_sandbox_id(id);
    cri::StopPodSandboxResponse stopped;
    GrpcCall first(*channel_, deadline);
    auto s = runtime_->StopPodSandbox(&first.context, stop, &stopped);
    if (!s.ok()) return ToError(s, "StopPodSandbox");
    cri::RemovePodSandboxRequest remove;
    remove.set_pod_sandbox_id(id);
    cri::RemovePodSandboxResponse removed;
    GrpcCall second(*channel_, deadline);
    s = runtime_->RemovePodSandbox(&second.context, remove, &removed);
    return s.ok() ? Status() : Status(ToError(s, "RemovePodSandbox"));
  }

  Result<std::string> SandboxImage(SteadyTime deadline) override {
    cri::StatusRequest request;
    request.set_verbose(true);
    cri::StatusResponse response;
    GrpcCall call(*channel_, deadline);
    if (auto s = runtime_->Status(&call.context, request, &response); !s.ok()) return ToError(s, "Status");
    const auto config = response.info().find("config");
    std::string image;
    if (config != response.info().end()) {
      const auto parsed = json::Parse(config->second);
      if (!parsed) return Error{ErrorCode::kRemote, "runtime Status: its config: " + parsed.error().message};
      image = TextMember(&*parsed, "sandboxImage");
    }
    if (image.empty()) return Error{ErrorCode::kNotFound, "the runtime does not tell its sandbox image"};
    return image;
  }

  Result<std::string> Version(SteadyTime deadline) override {
    cri::VersionResponse response;
    GrpcCall call(*channel_, deadline);
    if (auto s = runtime_->Version(&call.context, cri::VersionRequest(), &response); !s.ok())
      return ToError(s, "Version");
    return response.runtime_version();
  }

 private:
  const std::string namespace_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<cri::RuntimeService::Stub> runtime_;
  const std::unique_ptr<cri::ImageService::Stub> image_;
  ImageStore store_;
  const std::unique_ptr<content::Content::Stub> content_;
  const std::unique_ptr<containers::Containers::Stub> containers_;
  const std::unique_ptr<snapshots::Snapshots::Stub> snapshots_;
  Mutex mutex_;
  LruMap<Sandbox> sandboxes_ PULLSEAL_GUARDED_BY(mutex_){limits::kClaims};
};

}  // namespace

std::unique_ptr<Runtime> ConnectRuntime(const std::string& socket, const std::string& containerd_namespace) {
  return AskTwice(std::make_unique<GrpcRuntime>(socket, containerd_namespace));
}

}  // namespace pullseal::runtime
