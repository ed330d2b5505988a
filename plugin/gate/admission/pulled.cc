// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/pulled.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "gate/admission/inquiry.h"
#include "image/runtime/image_link.h"

namespace pullseal::admission {
namespace {

using gate::Decision;
using gate::Reason;

const runtime::StoreRecord* FindNamed(const std::vector<runtime::StoreRecord>& records, const std::string& name) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const auto& one) { return one.name == name; });
  return found != records.end() ? &*found : nullptr;
}

}  // namespace

Status Pulled::Note(const oci::Reference& name, SteadyTime deadline) {
  name_ = name;
  auto records = services_.runtime.FindRecords({name.Text()}, deadline);
  if (!records) return records.error();
  former_ = std::move(*records);
  return {};
}

std::optional<Decision> Pulled::LookAt(const runtime::StoreRecord& record, SteadyTime deadline) {
  const auto links = services_.linker.ProveRecord(record, deadline);
  if (!links) return RefuseFor(links.error());
  const bool checkpoint = std::any_of(links->begin(), links->end(), [](const auto& link) { return link.checkpoint; });
  if (!checkpoint) return std::nullopt;
  return gate::Refuse(Reason::kCheckpointRefused, record.name + " is a checkpoint");
}

std::optional<Decision> Pulled::Look(const std::string& image_id, bool takes_back, SteadyTime deadline) {
  if (!name_) return std::nullopt;
  const auto records = services_.runtime.FindRecords({name_->Text()}, deadline);
  if (!records) return RefuseFor(records.error());
  if (records->empty()) {
    return gate::Refuse(Reason::kRuntimeUnreachable,
                        "the runtime does not show " + name_->Text() + " after pulling it");
  }
  const runtime::StoreRecord& record = records->front();
  std::optional<Decision> refusal = LookAt(record, deadline);
  if (!refusal || !takes_back || refusal->outcome() != gate::Outcome::kDeny || !record.target) return refusal;
  refusal->digest = record.target;
  if (const Status back = TakeBack(*record.target, image_id, deadline); !back) {
    log::Warn("what was pulled and refused could not be taken out of the store: " + back.error().message);
  }
  return refusal;
}

Status Pulled::TakeBack(const oci::Digest& target, const std::string& image_id, SteadyTime deadline) {
  Status first = PutBack(name_->Text(), target, deadline);
  Status second = name_->digest() == target ? Status() : PutBack(name_->At(target).Text(), target, deadline);
  Status third = RepointId(image_id, target, deadline);
  if (!first) return first;
  return !second ? second : third;
}

Status Pulled::PutBack(const std::string& name, const oci::Digest& target, SteadyTime deadline) {
  const runtime::StoreRecord* former = FindNamed(former_, name);
  if (former != nullptr && former->target && *former->target != target && !LookAt(*former, deadline)) {
    return services_.runtime.PointRecord(*former, target, deadline);
  }
  return services_.runtime.RemoveRecord(name, target, deadline);
}

Status Pulled::RepointId(const std::string& image_id, const oci::Digest& target, SteadyTime deadline) {
  auto id = oci::Digest::Parse(image_id);
  if (!id) return id.error();
  const auto image = services_.runtime.ResolveImage(image_id, deadline);
  if (image) {
    std::vector<std::string> names = image->repo_tags;
    names.insert(names.end(), image->repo_digests.begin(), image->repo_digests.end());
    const auto records = services_.runtime.FindRecords(names, deadline);
    if (!records) return records.error();
    for (const runtime::StoreRecord& record : *records) {
      const auto links = services_.linker.Prove(record, *id, deadline);
      if (!links || links->empty() || links->front().checkpoint) continue;
      runtime::StoreRecord own = record;
      own.name = image_id;
      return services_.runtime.PointRecord(own, target, deadline);
    }
  } else if (image.error().code != ErrorCode::kNotFound) {
    return image.error();
  }
  return services_.runtime.RemoveRecord(image_id, target, deadline);
}

}  // namespace pullseal::admission
