// SPDX-License-Identifier: Apache-2.0
#include "node/agent/taint.h"

#include <cstdlib>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/http/http.h"
#include "core/json/value.h"
#include "node/agent/limits.h"
#include "node/install/limits.h"

namespace pullseal::agent {
namespace {

constexpr const char* kAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

// A node's name is a DNS subdomain (RFC 1123), so it needs no escaping in a path.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 253 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<http::HttpRequest> RequestTo(const ApiServer& server, const std::string& node_name, const Clock& clock) {
  if (!IsName(node_name)) return Error{ErrorCode::kInvalid, "the node's name is not known (--node-name)"};
  auto url = http::Url::Parse(server.base + "/api/v1/nodes/" + node_name);
  if (!url) return url.error();
  http::HttpRequest out;
  out.url = std::move(*url);
  out.authorization = Secret("Bearer " + server.token.text());
  out.most = limits::kReportBytes;
  out.deadline = clock.Steady() + limits::kDoctorCall;
  out.operation = "node";
  out.purpose = "the node's taints";
  return out;
}

// The list of taints without `key`, as JSON; absent if it is not among them.
std::optional<std::pair<std::string, std::string>> WithAndWithout(const json::Value& node, const std::string& key) {
  const json::Value* spec = node.Find("spec");
  const json::Value* taints = spec != nullptr ? spec->Find("taints") : nullptr;
  if (taints == nullptr || taints->array() == nullptr) return std::nullopt;
  std::string with;
  std::string without;
  bool found = false;
  for (const json::Value& one : *taints->array()) {
    json::Writer text;
    for (const char* member : {"key", "value", "effect", "timeAdded"}) {
      if (const std::string* value = one.FindString(member)) text.Text(member, *value);
    }
    const std::string* name = one.FindString("key");
    const bool ours = name != nullptr && *name == key;
    found = found || ours;
    with += (with.empty() ? "" : ",") + text.Finish();
    if (!ours) without += (without.empty() ? "" : ",") + text.Finish();
  }
  if (!found) return std::nullopt;
  return std::pair("[" + with + "]", "[" + without + "]");
}

}  // namespace

Result<ApiServer> FindApiServer() {
  std::string host = Variable("KUBERNETES_SERVICE_HOST");
  if (host.empty()) return Error{ErrorCode::kUnavailable, "this is no pod: there is no API server"};
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  auto token = ReadFile(std::string(kAccount) + "/token", limits::kConfigBytes);
  if (!token) return Error{ErrorCode::kUnavailable, "this pod has no service account: " + token.error().message};
  while (!token->empty() && token->back() == '\n') token->pop_back();
  ApiServer out{"https://" + host + ":" + Variable("KUBERNETES_SERVICE_PORT"), Secret(*token),
                std::string(kAccount) + "/ca.crt"};
  Wipe(*token);
  return out;
}

Result<bool> LiftTaint(http::Http& http, const ApiServer& server, const std::string& node_name, const std::string& key,
                       const Clock& clock) {
  auto request = RequestTo(server, node_name, clock);
  if (!request) return request.error();
  auto got = http.Do(*request);
  if (!got) return got.error();
  if (got->status != 200) return Error{ErrorCode::kRemote, "reading the node: status " + std::to_string(got->status)};
  const auto node = json::Parse(got->body);
  if (!node) return Error{ErrorCode::kRemote, "reading the node: " + node.error().message};
  const auto lists = WithAndWithout(*node, key);
  if (!lists) return false;
  request->method = "PATCH";
  request->headers = {"Content-Type: application/json-patch+json"};
  request->body = Secret("[{\"op\":\"test\",\"path\":\"/spec/taints\",\"value\":" + lists->first +
                         "},{\"op\":\"replace\",\"path\":\"/spec/taints\",\"value\":" + lists->second + "}]");
  auto patched = http.Do(*request);
  if (!patched) return patched.error();
  if (patched->status != 200) {
    return Error{ErrorCode::kRemote, "patching the node: status " + std::to_string(patched->status)};
  }
  return true;
}

std::optional<Result<bool>> TaintWatch::Round(bool proven) {
  const SteadyTime now = clock_.Steady();
  if (!proven || (next_ && now < *next_)) return std::nullopt;
  next_ = now + limits::kTaintRound;
  Result<bool> lifted = lift_();
  const bool there = lifted.ok() && *lifted;
  const std::string say = lifted.ok() ? std::string() : lifted.error().message;
  const bool again = !there && said_ == say;
  said_ = say;
  if (again) return std::nullopt;
  return lifted;
}

}  // namespace pullseal::agent
