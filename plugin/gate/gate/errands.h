// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_ERRANDS_H_
#define PULLSEAL_GATE_GATE_ERRANDS_H_

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "gate/gate/limits.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "image/registry/client.h"

namespace pullseal::gate {

// Errand is one image whose registry is worth another look once its pull was answered: a create will bring no
// credentials to look with, and another rule or a coming key may need another signature than this pull did.
struct Errand {
  std::string key;  // what makes two errands the same
  oci::Reference name;
  std::optional<oci::Digest> subject;  // absent: what the name's tag stands for
  std::string user;                    // the pod's namespace, empty if not known
  credentials::Credentials credentials;
};

// Errands are those that wait: each once, at most limits::kErrands, of them at most kErrandsOfOne of one namespace;
// what is more is dropped, and the next pull of that image may put it again. Thread-safe.
class Errands {
 public:
  void Put(Errand errand);
  // The next one: namespaces take turns. Absent if there is none.
  std::optional<Errand> Take();
  // Says that an errand failed: the next pull may put it again.
  void Failed(const std::string& key);
  void Clear();

 private:
  Mutex mutex_;
  std::map<std::string, std::deque<Errand>> waiting_ PULLSEAL_GUARDED_BY(mutex_);  // by namespace, none empty
  std::size_t count_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  std::string last_ PULLSEAL_GUARDED_BY(mutex_);  // the namespace whose turn it was
  LruMap<bool> put_ PULLSEAL_GUARDED_BY(mutex_){limits::kErrandsRemembered};
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_ERRANDS_H_
