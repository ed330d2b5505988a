// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "core/crypto/start.h"
#include "node/config/config.h"
#include "programs/pullseald/app.h"

int main(int argc, char** argv) {
  pullseal::crypto::StartOpenSsl();
  CLI::App app("pullseald: stands between kubelet and containerd and lets only signed images run");
  std::string path = "/etc/pullseal/config.yaml";
  app.add_option("--config", path, "configuration file")->capture_default_str();
  app.set_version_flag("--version", "pullseald " PULLSEAL_VERSION);
  try {
    CLI11_PARSE(app, argc, argv);
    const auto config = pullseal::config::Load(path);
    if (!config) {
      std::fprintf(stderr, "pullseald: %s\n", config.error().message.c_str());
      return 1;
    }
    return pullseal::daemon::Run(*config);
  } catch (const std::exception&) {
    std::fprintf(stderr, "pullseald: out of resources at start\n");
    return 1;
  }
}
