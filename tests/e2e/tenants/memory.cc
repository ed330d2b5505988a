// SPDX-License-Identifier: Apache-2.0
// Attacks by size.
#include "core/base/bytes.h"
#include "e2e/tenants/node.h"

namespace pullseal::tenants {
namespace {

// A field of environment of that many bytes, in a pod's container (envFrom of ConfigMaps).
void AddEnvironment(lab::cri::CreateContainerRequest& request, std::size_t bytes) {
  const std::string value(100 * 1024, 'x');
  for (std::size_t done = 0; done < bytes; done += value.size()) {
    std::string field("\x0a\x03KEY\x12", 6);
    for (std::size_t left = value.size();; left >>= 7) {
      field.push_back(static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0)));
      if (left <= 0x7f) break;
    }
    request.mutable_config()->add_envs(field + value);
  }
}

Attack LargeCreates(int calls) {
  return {std::to_string(calls) + " creates of 15 MiB, silent host",
          [=](Node& node) {
            const lab::Image image = lab::MakeImage("mallory's large");
            node.hosts[0]->Behave(Silent);
            node.Plant(image, node.Theirs(0));
            const std::string pod = node.TenantsPod();
            node.Begin(calls, [=, &node](lab::Cri& client, int) {
              auto request = client.CreateRequest(pod, image.config.digest, node.Theirs(0));
              AddEnvironment(request, 15 * 1024 * 1024);
              std::string id;
              (void)client.Create(request, &id);
            });
            std::this_thread::sleep_for(std::chrono::seconds(3));
          },
          [](Node&) {
            return Got{"refused", false};
          }};
}

}  // namespace

void AddMemory(std::vector<Attack>& attacks) {
  attacks.push_back(LargeCreates(4));
  attacks.push_back(LargeCreates(32));
}

}  // namespace pullseal::tenants
