// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_IMAGE_STORE_H_
#define PULLSEAL_IMAGE_RUNTIME_IMAGE_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "containerd_images.grpc.pb.h"
#include "image/oci/reference.h"
#include "image/runtime/runtime.h"

namespace pullseal::runtime {

// RepositoryFilter is containerd's filter for the records of one repository, in every spelling of its host that counts
// as the same (oci::Reference::MatchName).
std::string RepositoryFilter(const oci::Reference& repository);

// ImageStore is containerd's store of image records in one namespace. What its functions do stands with those of
// Runtime, which have the same names. Thread-safe.
class ImageStore {
 public:
  ImageStore(std::shared_ptr<grpc::Channel> channel, std::string containerd_namespace);

  Result<std::vector<StoreRecord>> FindRecords(const std::vector<std::string>& names, SteadyTime deadline);
  Result<std::vector<StoreRecord>> FindRepository(const oci::Reference& repository, SteadyTime deadline);
  Status TagAs(const std::string& name, const std::string& source, SteadyTime deadline);
  Status PointRecord(const StoreRecord& record, const oci::Digest& while_target, SteadyTime deadline);
  Status RemoveRecord(const std::string& name, const oci::Digest& while_target, SteadyTime deadline);

 private:
  using Stub = ::containerd::services::images::v1::Images::Stub;
  Result<::containerd::services::images::v1::Image> Get(const std::string& name, SteadyTime deadline);
  Result<std::vector<StoreRecord>> List(const ::containerd::services::images::v1::ListImagesRequest& request,
                                        SteadyTime deadline);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string namespace_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_IMAGE_STORE_H_
