// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/grpc_call.h"

#include <algorithm>
#include <chrono>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "image/runtime/limits.h"

namespace pullseal::runtime {
namespace {

ErrorCode CodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return ErrorCode::kNotFound;
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorCode::kUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::kTimeout;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::kLimit;
    default:
      // Also INVALID_ARGUMENT: that a question was not understood says nothing about what was asked for.
      return ErrorCode::kRemote;
  }
}

}  // namespace

std::shared_ptr<grpc::Channel> Connect(const std::string& socket, std::size_t most) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 24);  // containerd's error texts can carry pod text
  arguments.SetMaxReceiveMessageSize(static_cast<int>(most));
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

Error ToError(const grpc::Status& status, const char* call) {
  return Error{CodeOf(status.error_code()),
               std::string("runtime ") + call + ": " + Printable(status.error_message(), 300)};
}

std::chrono::system_clock::time_point ToSystem(SteadyTime deadline) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline - std::chrono::steady_clock::now());
}

GrpcCall::GrpcCall(grpc::Channel& channel, SteadyTime deadline) {
  // After a restart of the runtime the channel may be between two attempts to connect: that is worth a short wait.
  if (channel.GetState(true) != GRPC_CHANNEL_READY) {
    channel.WaitForConnected(std::chrono::system_clock::now() + limits::kRuntimeConnectTime);
  }
  const auto bound = std::chrono::steady_clock::now() + limits::kRuntimeCallTime;
  context.set_deadline(ToSystem(std::min(deadline, bound)));
}

GrpcCall::GrpcCall(grpc::Channel& channel, SteadyTime deadline, const std::string& containerd_namespace)
    : GrpcCall(channel, deadline) {
  context.AddMetadata("containerd-namespace", containerd_namespace);
}

}  // namespace pullseal::runtime
