// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_APP_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_APP_H_

#include "node/config/config.h"

namespace pullseal::daemon {

// Run starts the daemon, serves until SIGTERM or SIGINT, and stops it. SIGHUP reads the policy again. Returns the
// process's exit status. All signals the daemon handles must be blocked before any thread is started; Run does so.
int Run(const config::Config& config);

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_APP_H_
