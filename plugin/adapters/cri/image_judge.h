// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_IMAGE_JUDGE_H_
#define PULLSEAL_ADAPTERS_CRI_IMAGE_JUDGE_H_

#include <optional>
#include <string>
#include <vector>

#include "gate/gate/gate.h"
#include "image/oci/reference.h"
#include "image/runtime/image_link.h"
#include "image/runtime/runtime.h"

namespace pullseal::cri {

// ImageQuestion is about an image on the node: may it run, as the name claimed for it, in that namespace?
struct ImageQuestion {
  std::string image_id;                  // sha256:<config digest>
  std::vector<std::string> store_names;  // names of the store's records that may lead to it
  std::string claimed_name;              // what the pod calls it, empty if it does not say
  std::optional<std::string> pod_namespace;
  credentials::Credentials credentials;
  SteadyTime deadline;
};

// ImageAnswer is the decision, and what the image's root file system must stand on if the decision allows.
struct ImageAnswer {
  gate::Decision decision;
  std::string chain_id;
};

// ImageJudge proves which signed content an image ID stands for and asks the gate about it. Thread-safe.
class ImageJudge {
 public:
  ImageJudge(gate::Gate& gate, runtime::Runtime& runtime, runtime::Linker& linker)
      : gate_(gate), runtime_(runtime), linker_(linker) {}

  // A claimed name selects the rule only if the store has that repository for this content, else image-name-mismatch;
  // without one, every name the store has for it must be allowed.
  ImageAnswer Judge(const gate::Snapshot& snapshot, const ImageQuestion& question);

  // The same, but every record that leads to the image must be good: for snapshotters that unpack without comparing
  // diff IDs, so that an image ID does not commit to content.
  gate::Decision JudgeEveryRecord(const gate::Snapshot& snapshot, const ImageQuestion& question);

  // Compares what `container` stands on with `answer`, which the same question brought. kSigned's reason is kept where
  // it fits; image-link-unproven where it does not.
  gate::Decision CompareRootfs(const gate::Snapshot& snapshot, const ImageQuestion& question, const ImageAnswer& answer,
                               const runtime::Container& container);

  // The store's names for what the runtime resolved.
  static std::vector<std::string> StoreNames(const runtime::Image& image);

 private:
  struct Proof {
    std::vector<runtime::Link> links;
    std::vector<oci::Reference> names;  // to be judged
  };
  Result<Proof> Prove(const ImageQuestion& question, gate::Decision& refusal);

  gate::Gate& gate_;
  runtime::Runtime& runtime_;
  runtime::Linker& linker_;
};

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_IMAGE_JUDGE_H_
