// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_IMAGE_JUDGE_H_
#define PULLSEAL_GATE_ADMISSION_IMAGE_JUDGE_H_

#include <optional>
#include <string>
#include <vector>

#include "gate/admission/chain_proof.h"
#include "gate/admission/services.h"
#include "gate/gate/decision.h"
#include "gate/gate/question.h"
#include "image/credentials/credentials.h"
#include "image/oci/reference.h"
#include "image/runtime/image_link.h"
#include "image/runtime/runtime.h"

namespace pullseal::admission {

// ImageQuestion is about an image on the node: may it run, as the name claimed for it, in that namespace?
struct ImageQuestion {
  std::string image_id;                   // sha256:<config digest>
  std::optional<oci::Reference> claimed;  // what it is called; absent: nobody says, which is could-not-decide
  std::optional<std::string> pod_namespace;
  credentials::Credentials credentials;
  bool restorable = true;  // a runtime could restore a container from it; not so for sandboxes
  policy::Action action = policy::Action::kContainer;
  SteadyTime deadline;
};

// ImageAnswer is the decision, and what it stands on if it allows.
struct ImageAnswer {
  gate::Decision decision;
  std::string chain_id;               // of the root file system; empty if it must not run
  std::optional<runtime::Link> link;  // the proven link that was judged; absent if none was
};

// Stored is what a string that names an image stands for on the node.
struct Stored {
  std::string image_id;                // sha256:<config digest>
  std::optional<oci::Reference> name;  // where the string is the name of a record
};

// ImageJudge proves which signed content an image ID stands for and asks the gate about it. It looks at links one by
// one: first the claimed record's, then those of other records of the claimed repository, until one is good. Records of
// other repositories are not even asked for, so they cost nothing however many there are; only the record that is named
// by the ID may lend its digest, where no link was good. What is asked of the runtime: exact names, and the list of one
// repository. Thread-safe.
class ImageJudge {
 public:
  explicit ImageJudge(const Services& services)
      : gate_(services.gate), runtime_(services.runtime), linker_(services.linker), chains_(services) {}

  // The claimed name selects the rule, only if the store has that repository for this content, else
  // image-name-mismatch. An error of one of its records counts where no link was good, and then it is no denial.
  ImageAnswer Judge(const gate::Snapshot& snapshot, const ImageQuestion& question);

  // Compares what `container` (or a sandbox's own) stands on with `answer`, which allowed its image. The answer's own
  // decision where it fits; image-link-unproven where it does not, checkpoint-refused where it was restored.
  gate::Decision CompareRootfs(const ImageAnswer& answer, const runtime::Container& container, SteadyTime deadline);
  // The layers alone, of an image that is mounted. Errors are certain or trouble as RefuseFor takes them.
  Status CompareLayers(const ImageAnswer& answer, const std::string& snapshotter, SteadyTime deadline);

  // What `text` (an ID, a name, or the beginning of an ID) stands for, as the runtime resolves it. kNotFound if it is
  // not on this node.
  Result<Stored> Resolve(const std::string& text, SteadyTime deadline);

 private:
  struct Search;
  gate::Question AskAbout(const ImageQuestion& question, const runtime::Link& link);
  void TryRecord(const gate::Snapshot& snapshot, const ImageQuestion& question, const runtime::StoreRecord& record,
                 Search& search);
  void TryOthers(const gate::Snapshot& snapshot, const ImageQuestion& question, Search& search);
  gate::Decision Conclusion(const ImageQuestion& question, const Search& search);

  gate::Gate& gate_;
  runtime::Runtime& runtime_;
  runtime::Linker& linker_;
  ChainProof chains_;
};

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_IMAGE_JUDGE_H_
