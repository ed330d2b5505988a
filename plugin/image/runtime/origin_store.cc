// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/origin_store.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "containerd_content.grpc.pb.h"
#include "containerd_images.grpc.pb.h"
#include "image/runtime/grpc_call.h"
#include "image/runtime/limits.h"

namespace pullseal::runtime {
namespace {

namespace content = ::containerd::services::content::v1;
namespace images = ::containerd::services::images::v1;

// Never asked for by anybody: a note is a name and a digest. containerd wants a media type in every record.
constexpr const char* kNoteMediaType = "application/vnd.oci.image.manifest.v1+json";

class GrpcOriginStore final : public OriginStore {
 public:
  GrpcOriginStore(const std::string& socket, std::string containerd_namespace)
      : namespace_(std::move(containerd_namespace)),
        channel_(Connect(socket, limits::kLabelBytes)),
        content_(content::Content::NewStub(channel_)),
        images_(images::Images::NewStub(channel_)) {}

  Result<Labels> FindLabels(const oci::Digest& digest, SteadyTime deadline) override {
    content::InfoRequest request;
    request.set_digest(digest.text());
    content::InfoResponse response;
    GrpcCall call(*channel_, deadline, namespace_);
    if (auto s = content_->Info(&call.context, request, &response); !s.ok()) return ToError(s, "content.Info");
    const auto& labels = response.info().labels();
    return Labels(labels.begin(), labels.end());
  }

  Status SetLabel(const oci::Digest& digest, const std::string& name, const std::string& value,
                  SteadyTime deadline) override {
    content::UpdateRequest request;
    request.mutable_info()->set_digest(digest.text());
    (*request.mutable_info()->mutable_labels())[name] = value;
    request.mutable_update_mask()->add_paths("labels." + name);
    content::UpdateResponse response;
    GrpcCall call(*channel_, deadline, namespace_);
    auto s = content_->Update(&call.context, request, &response);
    return s.ok() ? Status() : Status(ToError(s, "content.Update"));
  }

  Result<std::vector<StoreRecord>> FindNotes(const std::vector<std::string>& names, SteadyTime deadline) override {
    images::ListImagesRequest request;
    for (const std::string& name : names) {
      if (name.find_first_of("\"\\") == std::string::npos) request.add_filters("name==\"" + name + "\"");
    }
    // Without a filter it would be a list of all.
    if (request.filters().empty()) return std::vector<StoreRecord>();
    auto found = List(request, deadline);
    if (!found) return found;
    std::erase_if(
        *found, [&](const StoreRecord& one) { return std::find(names.begin(), names.end(), one.name) == names.end(); });
    return found;
  }

  Status WriteNote(const std::string& name, const oci::Digest& target, SteadyTime deadline) override {
    images::CreateImageRequest request;
    request.mutable_image()->set_name(name);
    request.mutable_image()->mutable_target()->set_digest(target.text());
    request.mutable_image()->mutable_target()->set_media_type(kNoteMediaType);
    request.mutable_image()->mutable_target()->set_size(1);  // containerd refuses a record without one
    images::CreateImageResponse response;
    GrpcCall call(*channel_, deadline, kNoteNamespace);
    auto s = images_->Create(&call.context, request, &response);
    if (s.ok() || s.error_code() == grpc::StatusCode::ALREADY_EXISTS) return {};
    return ToError(s, "images.Create");
  }

  Status RemoveNote(const std::string& name, SteadyTime deadline) override {
    images::DeleteImageRequest request;
    request.set_name(name);
    images::DeleteImageResponse response;
    GrpcCall call(*channel_, deadline, kNoteNamespace);
    auto s = images_->Delete(&call.context, request, &response);
    if (s.ok() || s.error_code() == grpc::StatusCode::NOT_FOUND) return {};
    return ToError(s, "images.Delete");
  }

  Result<std::vector<StoreRecord>> ListNotes(const std::string& prefix, SteadyTime deadline) override {
    images::ListImagesRequest request;
    request.add_filters("target.digest~=\"^sha256:" + prefix + "\"");
    return List(request, deadline);
  }

 private:
  Result<std::vector<StoreRecord>> List(const images::ListImagesRequest& request, SteadyTime deadline) {
    images::ListImagesResponse response;
    GrpcCall call(*channel_, deadline, kNoteNamespace);
    if (auto s = images_->List(&call.context, request, &response); !s.ok()) return ToError(s, "images.List");
    std::vector<StoreRecord> out;
    for (const images::Image& image : response.images()) {
      auto target = oci::Digest::Parse(image.target().digest());
      out.push_back(StoreRecord{.name = image.name(),
                                .target = target ? std::optional(std::move(*target)) : std::nullopt,
                                .media_type = image.target().media_type(),
                                .size = image.target().size()});
    }
    return out;
  }

  const std::string namespace_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<content::Content::Stub> content_;
  const std::unique_ptr<images::Images::Stub> images_;
};

}  // namespace

std::unique_ptr<OriginStore> ConnectOriginStore(const std::string& socket, const std::string& containerd_namespace) {
  return std::make_unique<GrpcOriginStore>(socket, containerd_namespace);
}

}  // namespace pullseal::runtime
