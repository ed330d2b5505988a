// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_LINK_H_
#define PULLSEAL_IMAGE_REGISTRY_LINK_H_

#include <string>

#include "core/base/result.h"
#include "core/http/http.h"

namespace pullseal::registry {

// NextLink returns the target of a response's link to the next page, empty if there is none. All Link fields are one
// list (RFC 9110 section 5.3), in which several links may stand; relation types compare without case, and one rel may
// name several (RFC 8288 section 3). Links from elsewhere (anchor) and of other relations are nothing to us, whoever
// added them. kRemote if a field that cannot be read to its end speaks of a next page, or two links disagree: then
// nobody knows whether this was the last page.
Result<std::string> NextLink(const http::HttpResponse& response);

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_LINK_H_
