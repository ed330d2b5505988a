// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/challenge.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pullseal::credentials {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsTokenChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~/").find(c) != std::string_view::npos;
}

// Reads challenges from one header value: scheme SP name=value *( , name=value ), and again.
class ChallengeScanner {
 public:
  explicit ChallengeScanner(std::string_view text) : rest_(text) {}

  void Scan(std::vector<Challenge>& out) {
    while (true) {
      Skip(" \t,");
      std::string word = Token();
      if (word.empty()) return;
      Skip(" \t");
      if (!rest_.empty() && rest_.front() == '=' && !out.empty()) {
        rest_.remove_prefix(1);
        if (!Parameter(std::move(word), out.back())) return;
      } else {
        out.push_back(Challenge{std::move(word), {}});
      }
      if (out.size() > 16) return;
    }
  }

 private:
  void Skip(std::string_view set) {
    const std::size_t end = rest_.find_first_not_of(set);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  std::string Token() {
    std::string out;
    while (!rest_.empty() && IsTokenChar(rest_.front())) {
      out.push_back(Lower(rest_.front()));
      rest_.remove_prefix(1);
    }
    return out;
  }
  bool Parameter(std::string name, Challenge& challenge) {
    Skip(" \t");
    std::string value;
    if (!rest_.empty() && rest_.front() == '"') {
      rest_.remove_prefix(1);
      while (!rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
        value.push_back(rest_.front());
        rest_.remove_prefix(1);
      }
      if (rest_.empty()) return false;
      rest_.remove_prefix(1);
    } else {
      const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
      value = rest_.substr(0, end);
      rest_.remove_prefix(end);
    }
    challenge.parameters.emplace(std::move(name), std::move(value));
    return true;
  }
  std::string_view rest_;
};

}  // namespace

std::string Challenge::Parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found != parameters.end() ? found->second : std::string();
}

std::vector<Challenge> ParseChallenges(const http::HttpResponse& response) {
  std::vector<Challenge> out;
  const auto [begin, end] = response.headers.equal_range("www-authenticate");
  for (auto it = begin; it != end; ++it) ChallengeScanner(it->second).Scan(out);
  return out;
}

std::string FormEscape(std::string_view text) {
  std::string out;
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace pullseal::credentials
