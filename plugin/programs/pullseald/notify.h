// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_NOTIFY_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_NOTIFY_H_

#include <chrono>
#include <optional>
#include <string>

namespace pullseal::daemon {

// NotifySystemd sends one datagram to the socket that systemd names (sd_notify(3)). Nothing without one. Thread-safe.
void NotifySystemd(const std::string& state);

// NotifyReloading says that configuration is read again, with the moment it began, which systemd 253 and newer want
// (sd_notify(3), RELOADING=1); READY=1 ends it.
void NotifyReloading();

// WatchdogTime is the time within which systemd wants to hear of us again and again (sd_watchdog_enabled(3)); absent if
// it does not watch this process.
std::optional<std::chrono::microseconds> WatchdogTime();

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_NOTIFY_H_
