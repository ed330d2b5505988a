// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_REFUSAL_H_
#define PULLSEAL_ADAPTERS_CRI_REFUSAL_H_

#include <string_view>

#include "adapters/relay/grpc_wire.h"
#include "gate/gate/decision.h"

namespace pullseal::cri {

// RefusalFor writes the answer a refused call gets: status UNKNOWN, because the kubelet shows the message of no other
// code as it is, and a message that begins with the word by which the kubelet names the pod's waiting reason; none
// where somebody answered, though not about signatures (judge::IsAnswered). What is not on the node is NOT_FOUND: the
// kubelet acts on that code. At most limits::kRefusalBytes, printable, and the same for the same decision whenever it
// is made.
relay::GrpcStatus RefusalFor(std::string_view image, const gate::Decision& decision);

// MalformedMessage is the answer to what is no message of the CRI: INVALID_ARGUMENT.
relay::GrpcStatus MalformedMessage();

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_REFUSAL_H_
