// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/trust_renewal.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <variant>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/http/http.h"
#include "core/json/value.h"
#include "node/trust/client.h"
#include "node/trust/limits.h"
#include "node/trust/names.h"
#include "node/trust/update.h"

namespace pullseal::cli {
namespace {

constexpr int kGood = 0;
constexpr int kRefused = 1;
constexpr int kTrouble = 2;

std::string Seconds(WallTime time) { return FormatTime(time).substr(0, 19) + "Z"; }

std::string RefusalText(const tuf::Refusal& refusal) {
  std::string out = "refused (" + std::string(tuf::Text(refusal.reason)) + "): " + refusal.role;
  if (refusal.version > 0) out += " " + std::to_string(refusal.version);
  return out + ": " + refusal.message;
}

int Complain(const trust::Failure& failure, bool json) {
  const auto* refusal = std::get_if<tuf::Refusal>(&failure);
  const std::string text =
      Printable(refusal != nullptr ? RefusalText(*refusal) : std::get<Error>(failure).message, 2048);
  if (json) {
    json::Writer out;
    out.Text("outcome", refusal != nullptr ? "refused" : "unavailable");
    if (refusal != nullptr) {
      out.Text("reason", tuf::Text(refusal->reason)).Text("role", refusal->role).Number("version", refusal->version);
    }
    std::printf("%s\n", out.Text("message", text).Finish().c_str());
  } else {
    std::fprintf(stderr, "pullseal: %s\n", text.c_str());
  }
  return refusal != nullptr ? kRefused : kTrouble;
}

void PrintText(const std::string& out, const trust::UpdateReport& report) {
  std::printf("%s: %s: root %lld, timestamp %lld, snapshot %lld, targets %lld\n", out.c_str(),
              report.changed ? "updated" : "unchanged", static_cast<long long>(report.root),
              static_cast<long long>(report.timestamp), static_cast<long long>(report.snapshot),
              static_cast<long long>(report.targets_version));
  std::printf("timestamp until %s, root until %s\n", Seconds(report.timestamp_end).c_str(),
              Seconds(report.root_end).c_str());
  for (const auto& target : report.targets) {
    std::printf("%s, %lld bytes\n", Printable(target.file, 1024).c_str(), static_cast<long long>(target.length));
  }
  for (const auto& ended : report.ended) {
    std::fprintf(stderr, "pullseal: warning: taken although it has ended: %s, on %s\n", ended.role.c_str(),
                 Seconds(ended.end).c_str());
  }
}

void PrintJson(const trust::UpdateReport& report) {
  std::string targets, ended;
  for (const auto& target : report.targets) {
    targets += targets.empty() ? "" : ",";
    targets +=
        json::Writer().Text("name", target.name).Text("file", target.file).Number("length", target.length).Finish();
  }
  for (const auto& one : report.ended) {
    ended += ended.empty() ? "" : ",";
    ended += json::Writer().Text("role", one.role).Text("end", FormatTime(one.end)).Finish();
  }
  json::Writer out;
  out.Text("outcome", report.changed ? "updated" : "unchanged").Number("root", report.root);
  out.Number("timestamp", report.timestamp).Number("snapshot", report.snapshot);
  out.Number("targets", report.targets_version).Text("root_end", FormatTime(report.root_end));
  out.Text("timestamp_end", FormatTime(report.timestamp_end)).Raw("files", "[" + targets + "]");
  std::printf("%s\n", out.Raw("ended", "[" + ended + "]").Finish().c_str());
}

int Renew(const RenewalOptions& options, trust::Mirror& mirror) {
  trust::UpdateRequest request;
  request.root = options.root;
  request.out = options.out;
  request.targets = options.targets;
  request.ends = options.takes_ended_unsafe ? tuf::Ends::kTakeUnsafe : tuf::Ends::kRefuse;
  request.now = SystemClock().Now();
  const auto report = trust::Update(request, mirror);
  if (!report) return Complain(report.failure(), options.json);
  if (options.json) {
    PrintJson(*report);
  } else {
    PrintText(options.out, *report);
  }
  return kGood;
}

// The client of the conformance suite, begun with what its folder trusts.
class SuiteClient {
 public:
  explicit SuiteClient(const ClientOptions& options) : options_(options), copies_(options.folder) {}

  // Null after it has said why.
  trust::Client* Refreshed() {
    auto root = ReadFile(options_.folder + "/root.json", tuf::MostBytes(tuf::Role::kRoot));
    if (!root) return Fail(root.error());
    auto set = tuf::TrustedSet::Start(*root, clock_.Now(), tuf::Ends::kRefuse);
    if (!set) return Fail(set.error().In("trusted root"));
    auto mirror = trust::HttpMirror::Make(*http_, clock_, options_.metadata_url, options_.targets_url);
    if (!mirror) return Fail(mirror.error());
    mirror_ = std::move(mirror).value();
    client_ = std::make_unique<trust::Client>(std::move(set).value(), *mirror_, copies_);
    if (const auto done = client_->Refresh(); !done) return Fail(done.failure());
    return client_.get();
  }

  // One target, into one file whose name is all of the target's, percent-encoded.
  bool Download(trust::Client& client, const std::string& target) {
    const auto info = client.Find(target);
    if (!info) return Fail(info.failure()) != nullptr;
    const std::string path = options_.target_folder + "/" + trust::Quoted(target);
    const auto known = ReadFile(path, limits::kTrustTargetBytes);
    if (known && tuf::CheckTarget(*known, *info, target)) return true;
    const auto bytes = client.Fetch(target, *info);
    if (!bytes) return Fail(bytes.failure()) != nullptr;
    const auto status = WriteFile(path, *bytes, 0644);
    return status.ok() || Fail(status.error()) != nullptr;
  }

 private:
  static trust::Client* Fail(const trust::Failure& failure) {
    Complain(failure, false);
    return nullptr;
  }

  const ClientOptions& options_;
  SystemClock clock_;
  std::unique_ptr<http::Http> http_ = http::MakeCurlHttp("");
  std::unique_ptr<trust::HttpMirror> mirror_;
  trust::FolderCopies copies_;
  std::unique_ptr<trust::Client> client_;
};

}  // namespace

int TrustUpdate(const RenewalOptions& options) {
  const auto http = http::MakeCurlHttp(options.ca_file);
  const SystemClock clock;
  const auto mirror = trust::HttpMirror::Make(*http, clock, options.source, "");
  if (!mirror) return Complain(mirror.error(), options.json);
  return Renew(options, **mirror);
}

int TrustImport(const RenewalOptions& options) {
  std::error_code error;
  if (std::filesystem::is_directory(options.source, error)) {
    trust::FolderMirror mirror(options.source);
    return Renew(options, mirror);
  }
  const auto mirror = trust::ArchiveMirror::Open(options.source);
  if (!mirror) return Complain(mirror.error(), options.json);
  return Renew(options, **mirror);
}

int TrustClientInit(const ClientOptions& options) {
  const auto root = ReadFile(options.root, tuf::MostBytes(tuf::Role::kRoot));
  if (!root) return Complain(root.error(), false) != kGood;
  const auto set = tuf::TrustedSet::Start(*root, SystemClock().Now(), tuf::Ends::kRefuse);
  if (!set) return Complain(set.error().In(options.root), false) != kGood;
  const auto status = WriteFile(options.folder + "/root.json", *root, 0644);
  return status.ok() ? kGood : static_cast<int>(Complain(status.error(), false) != kGood);
}

int TrustClientRefresh(const ClientOptions& options) {
  SuiteClient client(options);
  return client.Refreshed() != nullptr ? kGood : kRefused;
}

int TrustClientDownload(const ClientOptions& options) {
  SuiteClient client(options);
  trust::Client* refreshed = client.Refreshed();
  if (refreshed == nullptr) return kRefused;
  for (const std::string& target : options.targets) {
    if (!client.Download(*refreshed, target)) return kRefused;
  }
  return kGood;
}

}  // namespace pullseal::cli
