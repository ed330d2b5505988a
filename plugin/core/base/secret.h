// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_SECRET_H_
#define PULLSEAL_CORE_BASE_SECRET_H_

#include <string.h>

#include <string>
#include <string_view>

namespace pullseal {

// Wipe overwrites the whole of `text`, also what it does not use, and empties it.
inline void Wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

// Secret is text that must not stay behind in memory: a password or a token. It is wiped when it goes, also where it
// was moved from; it prints as nothing and is compared by its owner only. Not thread-safe.
class Secret {
 public:
  Secret() = default;
  Secret(std::string_view text) : text_(text) {}
  Secret(const char* text) : text_(text) {}
  // Takes the text over and wipes where it was.
  Secret(std::string&& text) : text_(text) { Wipe(text); }
  Secret(const std::string& text) : text_(text) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { Wipe(other.text_); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      Wipe(text_);
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe(text_);
      text_.swap(other.text_);
    }
    return *this;
  }
  ~Secret() { Wipe(text_); }

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_SECRET_H_
