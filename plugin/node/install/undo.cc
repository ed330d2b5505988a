// SPDX-License-Identifier: Apache-2.0
#include "node/install/undo.h"

#include "node/install/kubelet.h"
#include "node/install/services.h"
#include "node/install/transaction.h"

namespace pullseal::install {
namespace {

Status BringBack(const Host& host, const Transaction& transaction, const Tell& tell) {
  tell("everything is put back as it was before");
  if (Status s = transaction.PutBack(host); !s) return s;
  if (Status s = host.Systemctl({"daemon-reload"}); !s) return s;
  const bool kubelet = transaction.Touches(kKubeletDropIn);
  if (transaction.from().empty()) {
    if (kubelet) {
      if (Status s = BringKubelet(host, tell); !s) return s;
    }
    if (Status s = StopAll(host, tell); !s) return s;
  } else {
    if (Status s = StartAll(host, tell); !s) return s;
    if (kubelet) {
      if (Status s = BringKubelet(host, tell); !s) return s;
    }
  }
  if (Status s = transaction.End(host); !s) return s;
  // The last thing: as long as there is something to undo, the guard must be able to.
  if (transaction.from().empty()) {
    (void)host.Systemctl({"stop", "pullseal-guard.path"});
    DropRuntimeGuard(host);
    (void)host.Systemctl({"daemon-reload"});
  }
  return {};
}

}  // namespace

Outcome Undo(const Host& host, const Transaction& transaction, const Tell& tell) {
  Outcome out;
  out.version = transaction.from();
  if (const Status back = BringBack(host, transaction, tell); !back) out.error = back.error().message;
  return out;
}

Status UndoUnfinished(const Host& host, const Tell& tell) {
  auto found = Transaction::Find(host);
  if (!found) return found.error();
  if (!*found) return {};
  tell("a change that was left unfinished (" + (*found)->kind() + " of " +
       ((*found)->to().empty() ? (*found)->from() : (*found)->to()) + ", at \"" + (*found)->step() + "\") is undone");
  const Outcome undone = Undo(host, **found, tell);
  return undone.error.empty() ? Status() : Status(Error{ErrorCode::kUnavailable, undone.error});
}

Outcome Guard(const Host& host, const Tell& tell) {
  Outcome out;
  auto lock = Lock::Take(host, true);
  const Status undone = lock ? UndoUnfinished(host, tell) : Status(lock.error());
  out.done = static_cast<bool>(undone);
  if (!undone) out.error = undone.error().message;
  return out;
}

}  // namespace pullseal::install
