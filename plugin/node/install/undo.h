// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_UNDO_H_
#define PULLSEAL_NODE_INSTALL_UNDO_H_

#include "node/install/install.h"

namespace pullseal::install {

// Undo puts back what `transaction` has changed so far and brings the services to it: a failed upgrade runs the version
// before it, a failed first installation none, and then kubelet speaks to containerd again. May be killed and repeated.
// The lock must be held. `done` stays false; `error` is empty if all was put back.
Outcome Undo(const Host& host, const Transaction& transaction, const Tell& tell);

// UndoUnfinished undoes a change that a killed process left. Nothing if there is none.
Status UndoUnfinished(const Host& host, const Tell& tell);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_UNDO_H_
