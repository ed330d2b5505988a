// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_PROBE_PROBE_H_
#define PULLSEAL_ADAPTERS_PROBE_PROBE_H_

#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"

// What the command line asks a CRI socket, as a kubelet would: one unary call over a connection of its own. No gRPC.
// Each call is bounded by its deadline and by limits::kProbeBytes of answer; one thread.
namespace pullseal::probe {

// CallAnswer is how a unary call ended: its gRPC status (gRPC, "Status codes") and what came with it.
struct CallAnswer {
  int status = 2;
  std::string message;  // of the status, percent-decoded
  std::string body;     // the response message, empty unless `status` is 0
};

// AskCri calls `method` ("/runtime.v1.RuntimeService/Version") on the unix socket `socket`. kUnreachable, kTimeout,
// kLimit, or kRemote for what is no gRPC.
Result<CallAnswer> AskCri(const std::string& socket, const std::string& method, const std::string& request,
                          SteadyTime deadline);

struct RuntimeVersion {
  std::string name;     // "containerd"
  std::string version;  // "1.7.24"
};
// AskVersion calls Version. An answer with an empty field is kRemote: kubelet ends on one.
Result<RuntimeVersion> AskVersion(const std::string& socket, SteadyTime deadline);

// PullImage asks for `image` to be pulled, without credentials and pod, and tells how the call ended.
Result<CallAnswer> PullImage(const std::string& socket, const std::string& image, SteadyTime deadline);

}  // namespace pullseal::probe

#endif  // PULLSEAL_ADAPTERS_PROBE_PROBE_H_
