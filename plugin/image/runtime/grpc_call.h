// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_GRPC_CALL_H_
#define PULLSEAL_IMAGE_RUNTIME_GRPC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"

// How a typed call to the runtime is made and what its end means. Internal to runtime/.
namespace pullseal::runtime {

// Connect returns a channel to the unix socket `socket` that takes answers of at most `most` bytes; RESOURCE_EXHAUSTED
// beyond. It connects when first used.
std::shared_ptr<grpc::Channel> Connect(const std::string& socket, std::size_t most);

// ToError says what a failed call means; `call` is its name.
Error ToError(const grpc::Status& status, const char* call);

std::chrono::system_clock::time_point ToSystem(SteadyTime deadline);

// GrpcCall is one call's context: bounded by the deadline and limits::kRuntimeCallTime, and in containerd's namespace
// for its own services. Used once.
struct GrpcCall {
  GrpcCall(grpc::Channel& channel, SteadyTime deadline);
  GrpcCall(grpc::Channel& channel, SteadyTime deadline, const std::string& containerd_namespace);
  grpc::ClientContext context;
};

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_GRPC_CALL_H_
