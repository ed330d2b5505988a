// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_INQUIRY_H_
#define PULLSEAL_GATE_ADMISSION_INQUIRY_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "gate/admission/services.h"
#include "gate/gate/report.h"
#include "gate/gate/standing.h"

namespace pullseal::admission {

// Settled is an answer that was recorded.
struct Settled {
  gate::Standing standing = gate::Standing::kRefused;
  gate::Decision decision;
  bool refused() const { return standing == gate::Standing::kRefused; }
};

// How a request came, as far as its form alone says.
struct Form {
  bool readable = true;         // it is a message of the protocol it should be
  bool unknown_fields = false;  // it has fields that we do not know
};

// Inquiry is one question, whoever asks it (the CRI, the admin socket, the verifier plugin, the doctor), from the
// moment it is asked: by which policy, about what, since when. Every answer of ours leaves by Settle, which records it.
// Used by one thread at a time.
class Inquiry {
 public:
  // A question about `action` (Event::action) by the policy in force, asked at `began`.
  Inquiry(std::shared_ptr<const Services> services, std::string action,
          SteadyTime began = std::chrono::steady_clock::now());
  // By another policy than the one in force: nothing is decided by it, so nothing is recorded.
  Inquiry(std::shared_ptr<const Services> services, std::string action, gate::SnapshotPtr candidate);

  // What every question must pass before anything is asked about images: the request is readable, there is a policy,
  // and unknown fields are accepted (they are counted). Absent if the question may be asked; then snapshot() is there.
  std::optional<Settled> Begin(const Form& form);

  // The one exit: says what `decision` comes to, and records it with event(). A decision that stands and cannot be
  // recorded becomes audit-unavailable.
  Settled Settle(gate::Decision decision);
  Settled Settle(gate::Reason reason, std::string detail);
  // The same for what the runtime, or reading what it stores, made impossible.
  Settled Settle(const Error& runtime_error);

  const Services& services() const { return *services_; }
  const gate::SnapshotPtr& snapshot() const { return snapshot_; }
  gate::Event& event() { return event_; }

 private:
  const std::shared_ptr<const Services> services_;
  const gate::SnapshotPtr snapshot_;
  const bool recorded_;
  const SteadyTime began_;
  gate::Event event_;
};

// RefuseFor makes the decision on content that `error`, of the runtime or of reading what it stores, leaves: a denial
// where the error is certain, else could-not-decide.
gate::Decision RefuseFor(const Error& error);

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_INQUIRY_H_
