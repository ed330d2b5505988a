// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_LOG_H_
#define PULLSEAL_CORE_BASE_LOG_H_

#include <string>
#include <string_view>

// The daemon's own log, on standard error, one line a message. Text that somebody else wrote goes through Printable
// first; secrets never go here. Thread-safe.
namespace pullseal::log {

enum class Level { kDebug, kInfo, kWarn, kError };

void SetLevel(Level level);
bool Enabled(Level level);
void Debug(std::string_view message);
void Info(std::string_view message);
void Warn(std::string_view message);
void Failure(std::string_view message);

}  // namespace pullseal::log

#endif  // PULLSEAL_CORE_BASE_LOG_H_
