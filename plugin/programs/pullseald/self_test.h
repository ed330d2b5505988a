// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_SELF_TEST_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_SELF_TEST_H_

#include <atomic>
#include <chrono>
#include <string>

#include "adapters/relay/relay.h"
#include "core/base/clock.h"

namespace pullseal::daemon {

// RunSelfTest goes the way of a judged call: the relay's thread runs a task, a worker takes it from the queue, and the
// judge says the right thing to a good and to a forged canary. Empty if all that happened within `most`; else what did
// not. Ends early, as good, once `stopping`. Thread-safe; the relay must outlive every task, which it does by draining
// its workers first.
std::string RunSelfTest(relay::Relay& relay, const Clock& clock, std::chrono::milliseconds most,
                        const std::atomic<bool>& stopping);

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_SELF_TEST_H_
