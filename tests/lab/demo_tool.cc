// SPDX-License-Identifier: Apache-2.0
// The parts of tests/demo that need more than a shell: pushing a small image, and a few CRI calls as a kubelet makes
// them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "lab/images.h"
#include "lab/node.h"

namespace {

using pullseal::lab::Cri;
using pullseal::lab::Image;

int Report(const grpc::Status& status) {
  if (status.ok()) return 0;
  std::printf("%s\n", status.error_message().c_str());
  return 1;
}

int RunContainer(const std::string& socket, const std::string& image, const std::string& pod_namespace) {
  Cri client(socket);
  std::string id = client.ImageId(image);
  std::string pod;
  std::string container;
  std::string text;
  if (id.empty()) id = image;
  grpc::Status status = client.RunPod("demo", pod_namespace, &pod);
  if (status.ok()) status = client.Create(pod, id, image, &container);
  if (status.ok()) status = client.Start(container);
  if (status.ok()) status = client.Exec(container, {"cat", "/text"}, &text);
  if (status.ok()) std::printf("%s\n", text.c_str());
  if (!pod.empty()) client.RemovePod(pod);
  return Report(status);
}

// Pod is the DaemonSet's pod as the kubelet would run it: with its folders, without any capability, its root read-only.
struct Pod {
  std::string socket;
  std::string image;
  std::string logs;  // folder of its standard output
  std::vector<std::string> folders;
  std::vector<std::string> variables;
  std::vector<std::string> arguments;
};

int RunAgent(const Pod& pod) {
  Cri client(pod.socket);
  std::string id;
  grpc::Status status = client.Pull(pod.image, "pullseal-system", &id);
  pullseal::lab::cri::RunPodSandboxRequest sandbox;
  auto& metadata = *sandbox.mutable_config()->mutable_metadata();
  metadata.set_name("agent");
  metadata.set_uid("agent-uid");
  metadata.set_namespace_("pullseal-system");
  metadata.set_attempt(static_cast<std::uint32_t>(::getpid()));
  sandbox.mutable_config()->set_log_directory(pod.logs);
  sandbox.mutable_config()->add_linux(std::string("\x12\x04\x0a\x02\x08\x02", 6));  // the host's network
  pullseal::lab::cri::RunPodSandboxResponse made;
  grpc::ClientContext context;
  if (status.ok()) status = client.runtime().RunPodSandbox(&context, sandbox, &made);
  auto request = client.CreateRequest(made.pod_sandbox_id(), id, pod.image);
  *request.mutable_sandbox_config() = sandbox.config();
  auto& config = *request.mutable_config();
  config.clear_command();
  for (const std::string& one : pod.arguments) config.add_args(one);
  for (const std::string& one : pod.variables) {
    const std::size_t equals = one.find('=');
    const std::string key = one.substr(0, equals);
    const std::string value = one.substr(equals + 1);
    config.add_envs("\x0a" + std::string(1, static_cast<char>(key.size())) + key + "\x12" +
                    std::string(1, static_cast<char>(value.size())) + value);
  }
  for (const std::string& one : pod.folders) {  // FOLDER, or FOLDER=WHERE, or either with :ro
    auto& mount = *config.add_mounts();
    std::string path = one;
    if (path.ends_with(":ro")) {
      mount.set_readonly(true);
      path.resize(path.size() - 3);
    }
    const std::size_t equals = path.find('=');
    mount.set_host_path(path.substr(0, equals));
    mount.set_container_path(equals == std::string::npos ? path : path.substr(equals + 1));
  }
  config.set_log_path("agent.log");
  // LinuxContainerConfig.security_context: drop ALL, a read-only root, no new privileges.
  const std::string context_bytes = std::string("\x0a\x05\x12\x03", 4) + "ALL" + std::string("\x38\x01\x58\x01", 4);
  config.add_linux("\x12" + std::string(1, static_cast<char>(context_bytes.size())) + context_bytes);
  std::string container;
  if (status.ok()) status = client.Create(request, &container);
  if (status.ok()) status = client.Start(container);
  if (status.ok()) std::printf("%s %s\n", made.pod_sandbox_id().c_str(), container.c_str());
  return Report(status);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("what tests/demo needs beside a shell");
  app.require_subcommand(1);
  std::string host;
  std::string repository;
  std::string tag;
  std::string text;
  std::string archive;
  std::string socket;
  std::string image;
  std::string pod_namespace = "default";
  int status = 0;
  CLI::App* push = app.add_subcommand("push", "push an image whose /text is TEXT; print its name by digest");
  push->add_option("host", host)->required();
  push->add_option("repository", repository)->required();
  push->add_option("tag", tag)->required();
  push->add_option("text", text)->required();
  push->add_option("--archive", archive, "also write it there as an OCI archive");
  push->callback([&] {
    const Image made = pullseal::lab::MakeImage(text);
    pullseal::lab::Push(host, repository, tag, made);
    if (!archive.empty()) pullseal::lab::SaveArchive(made, host + "/" + repository + ":" + tag, archive);
    std::printf("%s/%s@%s\n", host.c_str(), repository.c_str(), made.manifest.digest.c_str());
  });
  CLI::App* pull = app.add_subcommand("pull", "pull an image through a CRI socket");
  pull->add_option("socket", socket)->required();
  pull->add_option("image", image)->required();
  pull->callback([&] { status = Report(Cri(socket).Pull(image, pod_namespace)); });
  CLI::App* run = app.add_subcommand("run", "run a pod with one container and print the image's /text");
  run->add_option("socket", socket)->required();
  run->add_option("image", image)->required();
  run->callback([&] { status = RunContainer(socket, image, pod_namespace); });
  Pod pod;
  CLI::App* agent = app.add_subcommand("agent", "run the DaemonSet's pod; print the IDs of pod and container");
  agent->add_option("socket", pod.socket)->required();
  agent->add_option("image", pod.image)->required();
  agent->add_option("--logs", pod.logs);
  agent->add_option("--mount", pod.folders);
  agent->add_option("--env", pod.variables);
  agent->add_option("--arg", pod.arguments);
  agent->callback([&] { status = RunAgent(pod); });
  CLI::App* remove = app.add_subcommand("remove", "remove a pod by its ID");
  remove->add_option("socket", socket)->required();
  remove->add_option("pod", image)->required();
  remove->callback([&] { status = Report(Cri(socket).RemovePod(image)); });
  CLI::App* clean = app.add_subcommand("clean", "remove every pod");
  clean->add_option("socket", socket)->required();
  clean->callback([&] {
    Cri client(socket);
    for (const auto& one : client.Pods()) client.RemovePod(one.id());
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    return 2;
  }
  return status;
}
