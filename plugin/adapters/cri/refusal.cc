// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/refusal.h"

#include <string>

#include "adapters/cri/limits.h"
#include "core/base/bytes.h"

namespace pullseal::cri {

using relay::GrpcCode;
using relay::GrpcStatus;

GrpcStatus RefusalFor(std::string_view image, const gate::Decision& decision) {
  constexpr std::size_t kImageBytes = 300;
  const bool absent = decision.reason == gate::Reason::kNotOnNode;
  const bool denied = decision.outcome() == gate::Outcome::kDeny;
  const bool plain = judge::IsAnswered(decision.reason);
  std::string text = plain ? "" : denied ? "SignatureValidationFailed: " : "RegistryUnavailable: ";
  text += image.empty() ? std::string("(no image)") : Printable(image, kImageBytes);
  if (denied && !decision.rule.empty()) text += ": rule \"" + decision.rule + "\"";
  text += ": " + std::string(judge::Slug(decision.reason)) + ": " + std::string(gate::AdviceOf(decision));
  if (text.size() > limits::kRefusalBytes) text.resize(limits::kRefusalBytes);
  return GrpcStatus{absent ? GrpcCode::kNotFound : GrpcCode::kUnknown, std::move(text)};
}

GrpcStatus MalformedMessage() {
  return GrpcStatus{GrpcCode::kInvalidArgument, "request-malformed: the request is not a valid CRI message"};
}

}  // namespace pullseal::cri
