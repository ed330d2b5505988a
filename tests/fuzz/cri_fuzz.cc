// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/cri/describe.h"
#include "adapters/cri/limits.h"
#include "adapters/cri/unknown_fields.h"
#include "adapters/relay/grpc_wire.h"
#include "cri.pb.h"

// A judged message that parses is the same message after it was written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = pullseal::relay::UnframeOne(text);
  (void)pullseal::relay::ParseTimeout(text);
  for (const auto kind :
       {pullseal::cri::MethodKind::kPull, pullseal::cri::MethodKind::kCreate, pullseal::cri::MethodKind::kSandbox}) {
    (void)pullseal::cri::HasUnknownFields(kind, text);
    pullseal::gate::Event event;
    pullseal::cri::DescribeRequest(kind, text, event);
    for (const std::string* one : {&event.image, &event.pod, &event.pod_uid, &event.pod_namespace, &event.container}) {
      if (one->size() > pullseal::limits::kDescribedBytes) __builtin_trap();
    }
  }
  runtime::v1::CreateContainerRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::string once = request.SerializeAsString();
  runtime::v1::CreateContainerRequest again;
  if (!again.ParseFromString(once) || again.SerializeAsString() != once) __builtin_trap();
  if (again.config().image().image() != request.config().image().image()) __builtin_trap();
  return message.ok() ? 0 : 0;
}
