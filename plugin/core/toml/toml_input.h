// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_TOML_TOML_INPUT_H_
#define PULLSEAL_CORE_TOML_TOML_INPUT_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

// To be included in front of <toml++/toml.h>, by everyone who includes that. toml++ 3.3 asserts things about its input
// ("[" must be followed by a key), which would abort a program built for debugging and be undefined in any other. Here
// an assertion that fails is an exception, which the caller of its parser catches as it does parse_error.
#undef NDEBUG
#define TOML_ASSERT(expression) ((expression) ? static_cast<void>(0) : ::pullseal::FailTomlAssertion())
#define TOML_HEADER_ONLY 1

namespace pullseal {

struct TomlAssertion {};
[[noreturn]] inline void FailTomlAssertion() { throw TomlAssertion(); }

// ToPlainToml makes `text` safe for toml++ 3.3, whose tables of letters run into what it calls unreachable: characters
// beyond ASCII become '?'. Nothing we read from such files can hold them but names of files, which are not found then.
// Absent for what is no TOML at all: control characters, text that is not UTF-8 (TOML 1.0 "Spec").
inline std::optional<std::string> ToPlainToml(std::string_view text) {
  if (!IsUtf8(text)) return std::nullopt;
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F) return std::nullopt;
    if (byte > 0x7F) c = '?';
  }
  return out;
}

}  // namespace pullseal

#endif  // PULLSEAL_CORE_TOML_TOML_INPUT_H_
