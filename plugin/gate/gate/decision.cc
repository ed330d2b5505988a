// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/decision.h"

#include <utility>

namespace pullseal::gate {

std::string_view Text(CacheUse use) {
  switch (use) {
    case CacheUse::kNone:
      return "";
    case CacheUse::kHit:
      return "hit";
    case CacheUse::kEvidence:
      return "evidence";
    case CacheUse::kMiss:
      return "miss";
  }
  return "";
}

Decision Refuse(Reason reason, std::string detail) {
  Decision out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

Reason ReasonForRegistry(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthorized:
      return Reason::kRegistryUnauthorized;
    case ErrorCode::kThrottled:
      return Reason::kRegistryThrottled;
    case ErrorCode::kUnreachable:
      return Reason::kRegistryUnreachable;
    case ErrorCode::kLimit:
      return Reason::kEvidenceLimit;
    case ErrorCode::kTimeout:
      return Reason::kRegistrySlow;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kRemote:
    case ErrorCode::kMismatch:
    case ErrorCode::kUnavailable:
      return Reason::kRegistryError;
  }
  return Reason::kRegistryError;
}

void SetRegistryError(Decision& decision, const Error& error) {
  decision.reason = ReasonForRegistry(error);
  decision.detail = error.message;
  if (error.code == ErrorCode::kUnavailable) {
    decision.advice =
        "this node's own configuration for the registry (hosts.toml, certificates) cannot be used; ask your platform "
        "team.";
  }
}

std::string_view AdviceOf(const Decision& decision) {
  return decision.advice.empty() ? judge::Sentence(decision.reason) : decision.advice;
}

Reason ReasonForRuntime(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kMismatch:
      return Reason::kImageLinkUnproven;
    case ErrorCode::kUnauthorized:
    case ErrorCode::kThrottled:
    case ErrorCode::kUnreachable:
    case ErrorCode::kRemote:
    case ErrorCode::kLimit:
    case ErrorCode::kTimeout:
    case ErrorCode::kUnavailable:
      return Reason::kRuntimeUnreachable;
  }
  return Reason::kRuntimeUnreachable;
}

}  // namespace pullseal::gate
