// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "containerd_containers.grpc.pb.h"
#include "containerd_content.grpc.pb.h"
#include "containerd_images.grpc.pb.h"
#include "containerd_snapshots.grpc.pb.h"
#include "core/base/limits.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "cri.grpc.pb.h"
#include "image/runtime/limits.h"
#include "image/runtime/runtime.h"

namespace pullseal::runtime {
namespace {

namespace cri = ::runtime::v1;
namespace images = ::containerd::services::images::v1;
namespace content = ::containerd::services::content::v1;
namespace containers = ::containerd::services::containers::v1;
namespace snapshots = ::containerd::services::snapshots::v1;

// Where containerd's CRI keeps what it knows of a container, in all versions from 1.0 to 2.x.
constexpr const char* kContainerMetadata = "io.cri-containerd.container.metadata";
constexpr int kContainerRunning = 1;  // ContainerState.CONTAINER_RUNNING

ErrorCode CodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return ErrorCode::kNotFound;
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorCode::kUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::kTimeout;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return ErrorCode::kInvalid;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::kLimit;
    default:
      return ErrorCode::kRemote;
  }
}

Error ToError(const grpc::Status& status, const char* call) {
  return Error{CodeOf(status.error_code()),
               std::string("runtime ") + call + ": " + Printable(status.error_message(), 300)};
}

std::shared_ptr<grpc::Channel> Connect(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 24);  // containerd's error texts can carry pod text
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kGrpcMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(limits::kGrpcMessageBytes));
  // As quick as the kubelet to come back after a restart of containerd.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

std::string TextMember(const json::Value* object, std::string_view name) {
  const std::string* text = object != nullptr ? object->FindString(name) : nullptr;
  return text != nullptr ? *text : std::string();
}

// Reads the CRI metadata that containerd stores with a container as JSON.
void ReadMetadata(const std::string& text, Container& out) {
  const auto parsed = json::Parse(text);
  const json::Value* metadata = parsed ? parsed->Find("Metadata") : nullptr;
  if (metadata == nullptr) return;
  out.image_id = TextMember(metadata, "ImageRef");
  out.sandbox_id = TextMember(metadata, "SandboxID");
  const json::Value* config = metadata->Find("Config");
  if (config == nullptr) return;
  out.claimed_name = TextMember(config->Find("image"), "user_specified_image");
  out.name = TextMember(config->Find("metadata"), "name");
}

class GrpcRuntime final : public Runtime {
 public:
  GrpcRuntime(const std::string& socket, std::string containerd_namespace)
      : namespace_(std::move(containerd_namespace)),
        channel_(Connect(socket)),
        runtime_(cri::RuntimeService::NewStub(channel_)),
        image_(cri::ImageService::NewStub(channel_)),
        images_(images::Images::NewStub(channel_)),
        content_(content::Content::NewStub(channel_)),
        containers_(containers::Containers::NewStub(channel_)),
        snapshots_(snapshots::Snapshots::NewStub(channel_)) {}

  Result<Image> ResolveImage(const std::string& name_or_id, SteadyTime deadline) override {
    cri::ImageStatusRequest request;
    request.mutable_image()->set_image(name_or_id);
    cri::ImageStatusResponse response;
    Call call(*channel_, deadline);
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
    Call call(*channel_, deadline);
    auto s = runtime_->PodSandboxStatus(&call.context, request, &response);
    if (!s.ok()) return ToError(s, "PodSandboxStatus");
    const auto& status = response.status();
    if (status.id().empty()) return Error{ErrorCode::kRemote, "runtime PodSandboxStatus: empty answer"};
    Sandbox out{status.id(), status.metadata().name(), status.metadata().uid(), status.metadata().namespace_()};
    const MutexLock lock(mutex_);
    sandboxes_.Put(out.id, out);  // by its full ID only: a prefix can become ambiguous
    return out;
  }

  Result<std::string> ResolveContainer(const std::string& id, SteadyTime deadline) override {
    cri::ContainerStatusRequest request;
    request.set_container_id(id);
    cri::ContainerStatusResponse response;
    Call call(*channel_, deadline);
    auto s = runtime_->ContainerStatus(&call.context, request, &response);
    if (!s.ok()) return ToError(s, "ContainerStatus");
    if (response.status().id().empty()) return Error{ErrorCode::kRemote, "runtime ContainerStatus: empty answer"};
    return response.status().id();
  }

  Result<Container> FindContainer(const std::string& full_id, SteadyTime deadline) override {
    containers::GetContainerRequest request;
    request.set_id(full_id);
    containers::GetContainerResponse response;
    Call call(*channel_, deadline, namespace_);
    if (auto s = containers_->Get(&call.context, request, &response); !s.ok()) return ToError(s, "containers.Get");
    const auto& found = response.container();
    Container out;
    out.id = found.id();
    out.snapshotter = found.snapshotter();
    if (const auto extension = found.extensions().find(kContainerMetadata); extension != found.extensions().end()) {
      ReadMetadata(extension->second.value(), out);
    }
    snapshots::StatSnapshotRequest stat;
    stat.set_snapshotter(found.snapshotter());
    stat.set_key(found.snapshot_key());
    snapshots::StatSnapshotResponse info;
    Call second(*channel_, deadline, namespace_);
    if (auto s = snapshots_->Stat(&second.context, stat, &info); !s.ok()) return ToError(s, "snapshots.Stat");
    out.snapshot_parent = info.info().parent();
    return out;
  }

  Result<std::vector<RunningContainer>> ListRunning(SteadyTime deadline) override {
    cri::ListContainersResponse response;
    Call call(*channel_, deadline);
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
    std::vector<StoreRecord> out;
    if (names.empty()) return out;
    images::ListImagesRequest request;
    for (const std::string& name : names) {
      if (name.find_first_of("\"\\") == std::string::npos) request.add_filters("name==\"" + name + "\"");
    }
    images::ListImagesResponse response;
    Call call(*channel_, deadline, namespace_);
    if (auto s = images_->List(&call.context, request, &response); !s.ok()) return ToError(s, "images.List");
    for (const images::Image& image : response.images()) {
      auto target = oci::Digest::Parse(image.target().digest());
      if (target && std::find(names.begin(), names.end(), image.name()) != names.end()) {
        out.push_back(StoreRecord{image.name(), std::move(*target)});
      }
    }
    return out;
  }

  Result<Bytes> ReadContent(const oci::Digest& digest, std::size_t most, SteadyTime deadline) override {
    content::ReadContentRequest request;
    request.set_digest(digest.text());
    Call call(*channel_, deadline, namespace_);
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

  Status TagAs(const std::string& name, const std::string& source, SteadyTime deadline) override {
    images::GetImageRequest get;
    get.set_name(source);
    images::GetImageResponse got;
    Call first(*channel_, deadline, namespace_);
    if (auto s = images_->Get(&first.context, get, &got); !s.ok()) return ToError(s, "images.Get");
    images::CreateImageRequest create;
    create.mutable_image()->set_name(name);
    *create.mutable_image()->mutable_target() = got.image().target();
    (*create.mutable_image()->mutable_labels())["io.cri-containerd.image"] = "managed";
    images::CreateImageResponse created;
    Call second(*channel_, deadline, namespace_);
    auto s = images_->Create(&second.context, create, &created);
    if (s.ok()) return {};
    if (s.error_code() != grpc::StatusCode::ALREADY_EXISTS) return ToError(s, "images.Create");
    images::UpdateImageRequest update;
    *update.mutable_image() = create.image();
    update.mutable_update_mask()->add_paths("target");
    update.mutable_update_mask()->add_paths("labels.io.cri-containerd.image");
    images::UpdateImageResponse updated;
    Call third(*channel_, deadline, namespace_);
    if (s = images_->Update(&third.context, update, &updated); !s.ok()) return ToError(s, "images.Update");
    return {};
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
    Call call(*channel_, deadline);
    auto s = runtime_->RemoveContainer(&call.context, request, &response);
    return s.ok() ? Status() : Status(ToError(s, "RemoveContainer"));
  }

  Status RemoveSandbox(const std::string& id, SteadyTime deadline) override {
    cri::StopPodSandboxRequest stop;
    stop.set_pod_sandbox_id(id);
    cri::StopPodSandboxResponse stopped;
    Call first(*channel_, deadline);
    auto s = runtime_->StopPodSandbox(&first.context, stop, &stopped);
    if (!s.ok()) return ToError(s, "StopPodSandbox");
    cri::RemovePodSandboxRequest remove;
    remove.set_pod_sandbox_id(id);
    cri::RemovePodSandboxResponse removed;
    Call second(*channel_, deadline);
    s = runtime_->RemovePodSandbox(&second.context, remove, &removed);
    return s.ok() ? Status() : Status(ToError(s, "RemovePodSandbox"));
  }

  Result<std::string> SandboxImage(SteadyTime deadline) override {
    cri::StatusRequest request;
    request.set_verbose(true);
    cri::StatusResponse response;
    Call call(*channel_, deadline);
    if (auto s = runtime_->Status(&call.context, request, &response); !s.ok()) return ToError(s, "Status");
    const auto config = response.info().find("config");
    const auto parsed = config != response.info().end() ? json::Parse(config->second)
                                                        : Result<json::Value>(Error{ErrorCode::kNotFound, ""});
    std::string image = parsed ? TextMember(&*parsed, "sandboxImage") : std::string();
    if (image.empty()) return Error{ErrorCode::kNotFound, "the runtime does not tell its sandbox image"};
    return image;
  }

 private:
  // One call's context: bounded, and in containerd's namespace for its own services.
  struct Call {
    Call(grpc::Channel& channel, SteadyTime deadline) {
      // After a restart of the runtime the channel may be between two attempts to connect: that is worth a short wait.
      if (channel.GetState(true) != GRPC_CHANNEL_READY) {
        channel.WaitForConnected(std::chrono::system_clock::now() + limits::kRuntimeConnectTime);
      }
      const auto bound = std::chrono::steady_clock::now() + limits::kRuntimeCallTime;
      context.set_deadline(ToSystem(std::min(deadline, bound)));
    }
    Call(grpc::Channel& channel, SteadyTime deadline, const std::string& name) : Call(channel, deadline) {
      context.AddMetadata("containerd-namespace", name);
    }
    grpc::ClientContext context;
  };

  static std::chrono::system_clock::time_point ToSystem(SteadyTime deadline) {
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline - std::chrono::steady_clock::now());
  }

  const std::string namespace_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<cri::RuntimeService::Stub> runtime_;
  const std::unique_ptr<cri::ImageService::Stub> image_;
  const std::unique_ptr<images::Images::Stub> images_;
  const std::unique_ptr<content::Content::Stub> content_;
  const std::unique_ptr<containers::Containers::Stub> containers_;
  const std::unique_ptr<snapshots::Snapshots::Stub> snapshots_;
  Mutex mutex_;
  LruMap<Sandbox> sandboxes_ PULLSEAL_GUARDED_BY(mutex_){limits::kClaims};
};

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
  Result<std::vector<RunningContainer>> ListRunning(SteadyTime deadline) override {
    return Twice([&] { return inner_->ListRunning(deadline); });
  }
  Result<std::vector<StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime deadline) override {
    return Twice([&] { return inner_->FindRecords(names, deadline); });
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

std::unique_ptr<Runtime> ConnectRuntime(const std::string& socket, const std::string& containerd_namespace) {
  return std::make_unique<SecondTry>(std::make_unique<GrpcRuntime>(socket, containerd_namespace));
}

}  // namespace pullseal::runtime
