// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/pull_origin.h"

#include <string>
#include <vector>

#include "core/base/log.h"
#include "gate/gate/gate.h"

namespace pullseal::admission {
namespace {

bool HasPort(const oci::Reference& name) { return name.host().find(':') != std::string::npos; }

void WarnOf(const Status& noted) {
  if (!noted) log::Warn("where an image came from could not be noted: " + noted.error().message);
}

}  // namespace

void PullOrigin::Begin(const oci::Reference& name, const std::optional<oci::Digest>& digest, SteadyTime deadline) {
  name_ = name;
  digest_ = digest;
  if (services_.origins != nullptr && digest && HasPort(name)) services_.origins->BeginPull(name, *digest, deadline);
}

void PullOrigin::End(const oci::Reference& stored, SteadyTime deadline) {
  if (!name_) return;
  if (services_.origins != nullptr && HasPort(*name_)) {
    std::vector<oci::Digest> brought;
    if (digest_) brought.push_back(*digest_);
    const auto records = services_.runtime.FindRecords({stored.Text()}, deadline);
    if (records && !records->empty()) {
      if (const auto links = services_.linker.ProveRecord(records->front(), deadline)) {
        for (const runtime::Link& link : *links) {
          for (const oci::Digest& one : link.Candidates()) brought.push_back(one);
        }
      }
    }
    services_.origins->EndPull(*name_, brought, deadline);
  }
  if (digest_) WarnOf(services_.gate.provenance().NotePulled(*name_, *digest_, deadline));
}

void PullOrigin::EndObserved(const Services& services, const oci::Reference& name, const runtime::Link& link,
                             const credentials::Credentials& credentials, SteadyTime deadline) {
  if (services.origins == nullptr) return;
  if (HasPort(name)) services.origins->EndPull(name, link.Candidates(), deadline);
  const gate::Question question{
      .name = name, .pod_namespace = {}, .candidates = {}, .credentials = credentials, .deadline = deadline};
  // That the registry cannot be asked now only means that it is asked again when somebody needs to know.
  (void)services.gate.provenance().AskAndNote(question, link.target);
}

}  // namespace pullseal::admission
