// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_ADMIN_CLIENT_H_
#define PULLSEAL_REPORTS_ADMIN_CLIENT_H_

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::admin {

// Ask sends one request to the daemon's admin socket and hands each reply line to `each`, up to the one with the
// member "done". kUnreachable if nobody serves the socket, kRemote if the reply breaks off or is an error.
Status Ask(const std::string& socket, const json::Writer& request,
           const std::function<void(const json::Value& line, const std::string& text)>& each);

}  // namespace pullseal::admin

#endif  // PULLSEAL_REPORTS_ADMIN_CLIENT_H_
