// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_PROVENANCE_H_
#define PULLSEAL_GATE_GATE_PROVENANCE_H_

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "gate/gate/limits.h"
#include "gate/gate/origins.h"
#include "gate/gate/question.h"
#include "image/registry/client.h"
#include "policy/model/model.h"

namespace pullseal::gate {

// Provenance proves where content came from that is to run without a satisfied signature. Proof is: a digest in the
// rule's match; what the node itself knows (Origins); what the registry said about this very digest. In memory a yes is
// kept (that a digest came from a repository stays true), a no for limits::kOriginNoTime, trouble never. Thread-safe.
class Provenance {
 public:
  // `origins` may be null: then the node knows nothing.
  Provenance(registry::Client& registry, const Clock& clock, Origins* origins)
      : registry_(registry), clock_(clock), origins_(origins) {}

  // Whether there is proof that what `question` is about, its candidates, came from its name's repository or one of
  // `match.sources()`; false: there surely is none. May ask the registry, by the question's credentials.
  Result<bool> Prove(const Question& question, const policy::Match& match);

  // What `name` stands for, by the registry itself; with that, its origin is proven. Errors as
  // registry::Client::ResolveAtOrigin.
  Result<oci::Digest> Resolve(const oci::Reference& name, const credentials::Credentials& credentials,
                              SteadyTime deadline);
  // Says that the registry told `digest` for `name`, unless a peer may have answered.
  void Told(const oci::Reference& name, const oci::Digest& digest);

  // After a pull succeeded: notes `digest` on the node if the registry said that it is of `name`'s repository.
  Status NotePulled(const oci::Reference& name, const oci::Digest& digest, SteadyTime deadline);
  // The same after asking it, where it was not asked yet: for pulls that nobody held.
  Status AskAndNote(const Question& question, const oci::Digest& digest);

  // Forgets what is kept in memory.
  void Forget();

 private:
  Result<bool> AskRegistry(const Question& question);

  registry::Client& registry_;
  const Clock& clock_;
  Origins* const origins_;
  Mutex mutex_;
  LruMap<bool> proven_ PULLSEAL_GUARDED_BY(mutex_){
      limits::kOriginsKept};  // by repository and digest: the registry said so
  LruMap<bool> known_ PULLSEAL_GUARDED_BY(mutex_){limits::kOriginsKept};  // the same with sources: the node knows it
  LruMap<SteadyTime> refuted_ PULLSEAL_GUARDED_BY(mutex_){limits::kOriginsKept};  // and credentials, until then
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_PROVENANCE_H_
