// SPDX-License-Identifier: Apache-2.0
// Attacks by what content is called and what it looks like.
#include "e2e/tenants/node.h"

namespace pullseal::tenants {
namespace {

std::string Said(const grpc::Status& status) { return status.ok() ? "ok" : status.error_message(); }

std::function<void(Node&)> Nothing() {
  return [](Node&) {};
}

}  // namespace

void AddNames(std::vector<Attack>& attacks) {
  attacks.push_back({"pull of what nobody signed", Nothing(), [](Node& node) {
                       node.Push("mallory/unsigned", "unsigned", false);
                       const grpc::Status status = node.kubelet->Pull(node.Ref("mallory/unsigned"), "mallory");
                       return Got{Said(status), status.ok()};
                     }});
  attacks.push_back({"import under a signed name", Nothing(), [](Node& node) {
                       const lab::Image evil = lab::MakeImage("evil import");
                       node.Plant(evil, node.Ref("app/known", "evil"));
                       std::string said;
                       const bool ran = node.Runs("mallory", evil.config.digest, node.Ref("app/known", "evil"), &said);
                       return Got{said, ran};
                     }});
  attacks.push_back({"claiming another's name", Nothing(), [](Node& node) {
                       const lab::Image evil = node.Push("mallory/other", "evil other", false);
                       (void)node.kubelet->Pull(node.Ref("mallory/other"), "lax");
                       std::string said;
                       const bool ran = node.Runs("mallory", evil.config.digest, node.Ref("app/known"), &said);
                       return Got{said, ran};
                     }});
  attacks.push_back({"checkpoint mark on pause's config",
                     [](Node& node) {
                       node.Push("mallory/mark", "pause", false, {{"org.criu.checkpoint.container.name", "x"}});
                       (void)node.kubelet->Pull(node.Ref("mallory/mark"), "lax");
                     },
                     [](Node&) {
                       return Got{"nothing", false};
                     }});
  attacks.push_back({"sixty names of the pause image",
                     [](Node& node) {
                       for (int i = 0; i < 60; ++i) {
                         const std::string tag = std::to_string(i);
                         node.registry.PushImage("aaa/mallory", tag, node.pause);
                         (void)node.kubelet->Pull(node.Ref("aaa/mallory", tag), "lax");
                       }
                     },
                     [](Node&) {
                       return Got{"sixty names", false};
                     }});
}

}  // namespace pullseal::tenants
