// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/image_store.h"

#include <algorithm>
#include <utility>

#include "image/runtime/grpc_call.h"

namespace pullseal::runtime {
namespace {

namespace images = ::containerd::services::images::v1;

// The label by which containerd's CRI knows its own images.
constexpr const char* kManagedLabel = "io.cri-containerd.image";

// `text` as a regular expression (RE2) that matches only itself; names have no other special characters.
std::string Literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '.' || c == '[') {
      out += {'[', c, ']'};
    } else if (c == ']') {
      out += "[]]";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

StoreRecord ToRecord(const images::Image& image) {
  auto target = oci::Digest::Parse(image.target().digest());
  return StoreRecord{image.name(), target ? std::optional(std::move(*target)) : std::nullopt,
                     image.target().media_type(), image.target().size()};
}

bool LeadsTo(const images::Image& image, const oci::Digest& target) { return image.target().digest() == target.text(); }

}  // namespace

std::string RepositoryFilter(const oci::Reference& repository) {
  const std::string name = repository.MatchName();
  const std::string host = name.substr(0, name.find('/'));
  return "name~=\"^(?i:" + Literal(host) + ")[.]*(:443)?/" + Literal(repository.path()) + "[:@]\"";
}

ImageStore::ImageStore(std::shared_ptr<grpc::Channel> channel, std::string containerd_namespace)
    : channel_(std::move(channel)),
      namespace_(std::move(containerd_namespace)),
      stub_(images::Images::NewStub(channel_)) {}

Result<images::Image> ImageStore::Get(const std::string& name, SteadyTime deadline) {
  images::GetImageRequest request;
  request.set_name(name);
  images::GetImageResponse response;
  GrpcCall call(*channel_, deadline, namespace_);
  if (auto s = stub_->Get(&call.context, request, &response); !s.ok()) return ToError(s, "images.Get");
  return response.image();
}

Result<std::vector<StoreRecord>> ImageStore::List(const images::ListImagesRequest& request, SteadyTime deadline) {
  images::ListImagesResponse response;
  GrpcCall call(*channel_, deadline, namespace_);
  if (auto s = stub_->List(&call.context, request, &response); !s.ok()) return ToError(s, "images.List");
  std::vector<StoreRecord> out;
  for (const images::Image& image : response.images()) out.push_back(ToRecord(image));
  return out;
}

Result<std::vector<StoreRecord>> ImageStore::FindRecords(const std::vector<std::string>& names, SteadyTime deadline) {
  images::ListImagesRequest request;
  for (const std::string& name : names) {
    if (name.find_first_of("\"\\") == std::string::npos) request.add_filters("name==\"" + name + "\"");
  }
  // Without a filter it would be a list of all.
  if (request.filters().empty()) return std::vector<StoreRecord>();
  auto found = List(request, deadline);
  if (!found) return found;
  std::erase_if(*found,
                [&](const StoreRecord& one) { return std::find(names.begin(), names.end(), one.name) == names.end(); });
  return found;
}

Result<std::vector<StoreRecord>> ImageStore::FindRepository(const oci::Reference& repository, SteadyTime deadline) {
  images::ListImagesRequest request;
  request.add_filters(RepositoryFilter(repository));
  auto found = List(request, deadline);
  if (!found) return found;
  std::erase_if(*found, [&](const StoreRecord& one) {
    const auto name = oci::Reference::Parse(one.name);
    return !name || name->MatchName() != repository.MatchName();
  });
  return found;
}

Status ImageStore::TagAs(const std::string& name, const std::string& source, SteadyTime deadline) {
  const auto got = Get(source, deadline);
  if (!got) return got.error();
  images::CreateImageRequest create;
  create.mutable_image()->set_name(name);
  *create.mutable_image()->mutable_target() = got->target();
  (*create.mutable_image()->mutable_labels())[kManagedLabel] = "managed";
  images::CreateImageResponse created;
  GrpcCall second(*channel_, deadline, namespace_);
  auto s = stub_->Create(&second.context, create, &created);
  if (s.ok()) return {};
  if (s.error_code() != grpc::StatusCode::ALREADY_EXISTS) return ToError(s, "images.Create");
  images::UpdateImageRequest update;
  *update.mutable_image() = create.image();
  update.mutable_update_mask()->add_paths("target");
  update.mutable_update_mask()->add_paths("labels." + std::string(kManagedLabel));
  images::UpdateImageResponse updated;
  GrpcCall third(*channel_, deadline, namespace_);
  if (s = stub_->Update(&third.context, update, &updated); !s.ok()) return ToError(s, "images.Update");
  return {};
}

Status ImageStore::PointRecord(const StoreRecord& record, const oci::Digest& while_target, SteadyTime deadline) {
  const auto now = Get(record.name, deadline);
  if (!now && now.error().code == ErrorCode::kNotFound) return {};
  if (!now) return now.error();
  if (!LeadsTo(*now, while_target)) return {};
  if (!record.target) return Error{ErrorCode::kInvalid, "record " + Printable(record.name, 200) + " had no target"};
  images::UpdateImageRequest update;
  update.mutable_image()->set_name(record.name);
  auto& target = *update.mutable_image()->mutable_target();
  target.set_digest(record.target->text());
  target.set_media_type(record.media_type);
  target.set_size(record.size);
  update.mutable_update_mask()->add_paths("target");
  images::UpdateImageResponse updated;
  GrpcCall call(*channel_, deadline, namespace_);
  auto s = stub_->Update(&call.context, update, &updated);
  return s.ok() ? Status() : Status(ToError(s, "images.Update"));
}

Status ImageStore::RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime deadline) {
  const auto now = Get(name, deadline);
  if (!now && now.error().code == ErrorCode::kNotFound) return {};
  if (!now) return now.error();
  if (!LeadsTo(*now, while_target)) return {};
  images::DeleteImageRequest request;
  request.set_name(name);
  *request.mutable_target() = now->target();  // containerd 2 compares it again
  images::DeleteImageResponse response;
  GrpcCall call(*channel_, deadline, namespace_);
  auto s = stub_->Delete(&call.context, request, &response);
  if (s.ok() || s.error_code() == grpc::StatusCode::NOT_FOUND) return {};
  return ToError(s, "images.Delete");
}

}  // namespace pullseal::runtime
