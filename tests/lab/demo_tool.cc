// The parts of tests/demo that need more than a shell: pushing a small image, and a few CRI calls as a kubelet makes
// them.
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
  CLI::App* clean = app.add_subcommand("clean", "remove every pod");
  clean->add_option("socket", socket)->required();
  clean->callback([&] {
    Cri client(socket);
    for (const auto& pod : client.Pods()) client.RemovePod(pod.id());
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
