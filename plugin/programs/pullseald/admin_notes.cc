// SPDX-License-Identifier: Apache-2.0
// The admin commands about where images came from.
#include "core/base/limits.h"
#include "core/json/value.h"
#include "gate/origin/node_origins.h"
#include "image/oci/limits.h"
#include "image/runtime/limits.h"
#include "image/runtime/runtime.h"
#include "programs/pullseald/admin_commands.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {

// What the store has under that very name now: its digest is what is noted, so a name that moves takes nothing along.
Result<std::string> AdminCommands::NoteImage(const std::string& image) {
  const auto name = oci::Reference::Parse(image);
  if (!name) return name.error();
  const SteadyTime deadline = parts_.clock.Steady() + limits::kRuntimeCallTime;
  const auto records = parts_.services->runtime.FindRecords({name->Text()}, deadline);
  if (!records) return records.error();
  if (records->empty() || !records->front().target) {
    return Error{ErrorCode::kNotFound, "containerd has no image of the name " + name->Text()};
  }
  const oci::Digest& digest = *records->front().target;
  if (const Status noted = parts_.origins.Note(*name, digest, deadline); !noted) return noted.error();
  audit::Record record;
  record.time = parts_.clock.Now();
  record.action = "lifecycle";
  record.outcome = "allow";
  record.image = name->Text();
  record.digest = digest.text();
  record.message = "root notes that this content is of " + name->MatchName();
  if (const Status written = parts_.audit.Append(std::move(record)); !written) return written.error();
  return digest.text();
}

void AdminCommands::NoteImages(const json::Value& request, const admin::Server::Send& send,
                               const std::atomic<bool>& stopping) {
  const json::Value* images = request.Find("images");
  if (images == nullptr || images->array() == nullptr || images->array()->empty()) {
    SendFailure(send, "note needs a list \"images\"");
    return;
  }
  if (images->array()->size() > limits::kWarmImages) {
    SendFailure(send, "note takes at most " + std::to_string(limits::kWarmImages) + " images at a time");
    return;
  }
  for (const json::Value& image : *images->array()) {
    if (stopping) break;
    const std::string name = image.string() != nullptr ? *image.string() : "";
    const auto digest = NoteImage(name);
    json::Writer line;
    line.Text("image", Printable(name, limits::kReferenceBytes)).Boolean("noted", digest.ok());
    if (digest) {
      line.Text("digest", *digest);
    } else {
      line.Text("message", digest.error().message);
    }
    if (!send(line)) return;
  }
  json::Writer end;
  end.Boolean("done", true);
  (void)send(end);
}

void AdminCommands::ForgetNotes(const admin::Server::Send& send, const std::atomic<bool>& stopping) {
  const auto removed = parts_.origins.RemoveAll(stopping);
  if (!removed) return SendFailure(send, removed.error().message);
  json::Writer end;
  end.Number("removed", *removed).Boolean("done", true);
  (void)send(end);
}

}  // namespace pullseal::daemon
