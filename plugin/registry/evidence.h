#ifndef PULLSEAL_REGISTRY_EVIDENCE_H_
#define PULLSEAL_REGISTRY_EVIDENCE_H_

#include <optional>
#include <string>
#include <vector>

#include "registry/client.h"

namespace pullseal::registry {

// FoundSignature is one layer of a signature manifest with its blob, hashed but not judged.
struct FoundSignature {
  oci::Descriptor layer;
  Bytes payload;
};

// Search is what looking for signatures of one subject brought. `trouble` is set where a place could not be searched to
// its end: what is missing then is not known to be missing.
struct Search {
  std::vector<FoundSignature> signatures;
  std::optional<Error> trouble;
  std::vector<std::string> steps;  // what was looked for and what was there, for people
};

// FindSignatures looks for signatures of `subject` in its repository: cosign's tag sha256-<hex>.sig (cosign
// SIGNATURE_SPEC, "Tag-based Discovery"). At most limits::kSignatures are read. Never judges. Thread-safe.
Search FindSignatures(Client& client, const oci::Reference& repository, const oci::Digest& subject,
                      const Credentials& credentials, SteadyTime deadline);

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_EVIDENCE_H_
