// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_CHALLENGE_H_
#define PULLSEAL_IMAGE_CREDENTIALS_CHALLENGE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http.h"

namespace pullseal::credentials {

// Challenge is one entry of a WWW-Authenticate header (RFC 9110 section 11.6.1).
struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // names in lower case

  // The parameter `name`, empty if it is not there.
  std::string Parameter(const std::string& name) const;
};

// ParseChallenges reads the values of a response's WWW-Authenticate headers. What cannot be read ends the list.
std::vector<Challenge> ParseChallenges(const http::HttpResponse& response);

// FormEscape writes `text` as a value of a query or form (RFC 3986 section 2.3: everything but unreserved characters is
// escaped).
std::string FormEscape(std::string_view text);

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_CHALLENGE_H_
