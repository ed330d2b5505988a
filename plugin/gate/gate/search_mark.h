// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_SEARCH_MARK_H_
#define PULLSEAL_GATE_GATE_SEARCH_MARK_H_

#include <optional>
#include <set>
#include <string>

#include "image/oci/digest.h"
#include "image/oci/signature_evidence.h"

namespace pullseal::gate {

// SearchMark says that this node has searched every place for attestations of one image to its end: for what, and what
// it found. It is kept beside the evidence, sealed under a key of this node, so that whoever writes the store cannot
// say that a search was done which nobody did. Without the key it says nothing.
struct SearchMark {
  // `image` names digests and repository. `key` is what seals it, not empty.
  oci::SignatureEvidence Sealed(const std::string& image, const std::string& key) const;
  // Absent for what is no mark of `image`, or not sealed by `key`.
  static std::optional<SearchMark> Open(const oci::SignatureEvidence& evidence, const std::string& image,
                                        const std::string& key);

  // Whether it covers a question for `types` by `signers`, where `known` is there: one of its findings that is gone
  // makes it void.
  bool Covers(const std::set<std::string>& types, const std::set<std::string>& signers,
              const std::set<oci::Digest>& known) const;

  // Adds one, by its hash: names are compared and never told.
  void AddType(const std::string& predicate_type);
  void AddSigner(const std::string& authority);  // by requirement::IdOf

  std::set<std::string> types;    // hexadecimal
  std::set<std::string> signers;  // hexadecimal
  std::set<oci::Digest> found;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_SEARCH_MARK_H_
