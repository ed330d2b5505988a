// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/path_search.h"

#include <algorithm>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/limits.h"

namespace pullseal::crypto {
namespace {

bool Has(const std::vector<Certificate>& list, const Certificate& certificate) {
  return std::any_of(list.begin(), list.end(), [&](const Certificate& one) { return one.Der() == certificate.Der(); });
}

class Search {
 public:
  Search(const Certificate& leaf, const std::vector<Certificate>& untrusted, const std::vector<Certificate>& anchors,
         const std::function<Status(const std::vector<Certificate>&)>& accept)
      : leaf_(leaf), untrusted_(untrusted), anchors_(anchors), accept_(accept) {}

  Status Run() {
    Extend(leaf_);
    return found_ ? Status() : answer_;
  }

 private:
  // Tries every certificate that may be the issuer of the path's last one.
  void Extend(const Certificate& last) {
    if (found_ || path_.size() == limits::kPathDepth) return;
    for (const Certificate& one : anchors_) {
      if (found_ || !MayGoOn()) return;
      if (NamesAsIssuer(last, one)) Try(one);
    }
    for (const Certificate& one : untrusted_) {
      if (found_ || !MayGoOn()) return;
      const bool is_new = one.Der() != leaf_.Der() && !Has(path_, one) && !Has(anchors_, one);
      if (!NamesAsIssuer(last, one) || !is_new) continue;
      path_.push_back(one);
      Extend(one);
      path_.pop_back();
    }
  }

  bool MayGoOn() { return ++steps_ <= limits::kPathSteps && tries_ < limits::kPathTries; }

  void Try(const Certificate& anchor) {
    ++tries_;
    path_.push_back(anchor);
    answer_ = accept_(path_);
    path_.pop_back();
    found_ = answer_.ok();
  }

  const Certificate& leaf_;
  const std::vector<Certificate>& untrusted_;
  const std::vector<Certificate>& anchors_;
  const std::function<Status(const std::vector<Certificate>&)>& accept_;
  std::vector<Certificate> path_;  // above the leaf
  std::size_t steps_ = 0;
  std::size_t tries_ = 0;
  bool found_ = false;
  Status answer_ = Error{ErrorCode::kInvalid, "no path leads to a certificate that is trusted"};
};

}  // namespace

Status SearchPath(const Certificate& leaf, const std::vector<Certificate>& untrusted,
                  const std::vector<Certificate>& anchors,
                  const std::function<Status(const std::vector<Certificate>& above)>& accept) {
  return Search(leaf, untrusted, anchors, accept).Run();
}

}  // namespace pullseal::crypto
