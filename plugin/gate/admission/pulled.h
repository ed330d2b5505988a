// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_PULLED_H_
#define PULLSEAL_GATE_ADMISSION_PULLED_H_

#include <optional>
#include <string>
#include <vector>

#include "gate/admission/services.h"
#include "gate/gate/decision.h"
#include "image/oci/reference.h"
#include "image/runtime/runtime.h"

namespace pullseal::admission {

// Pulled follows one pull into containerd's store: what its records led to before, and whether what it brought may
// stay. Checkpoint images may not, nor what cannot be read as containerd reads it: where containerd restores containers
// from images, such a record would be restored from. Used by one thread at a time.
class Pulled {
 public:
  explicit Pulled(const Services& services) : services_(services) {}

  // Before the pull goes on as `name`: what the records that it will write lead to now. An error means that the runtime
  // did not tell.
  Status Note(const oci::Reference& name, SteadyTime deadline);

  // After the runtime pulled `image_id`: the decision that refuses what it brought; absent if it may stay. What is
  // refused for certain is taken out of the store again, where `takes_back`.
  std::optional<gate::Decision> Look(const std::string& image_id, bool takes_back, SteadyTime deadline);

 private:
  std::optional<gate::Decision> LookAt(const runtime::StoreRecord& record, SteadyTime deadline);
  // Only records that this pull wrote, only while they lead to `target`: each is put back to where it led before, or
  // removed; the record that is named by the ID is pointed at another good record of that image, if there is one.
  Status TakeBack(const oci::Digest& target, const std::string& image_id, SteadyTime deadline);
  Status PutBack(const std::string& name, const oci::Digest& target, SteadyTime deadline);
  Status RepointId(const std::string& image_id, const oci::Digest& target, SteadyTime deadline);

  const Services& services_;
  std::optional<oci::Reference> name_;
  std::vector<runtime::StoreRecord> former_;
};

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_PULLED_H_
