// SPDX-License-Identifier: Apache-2.0
#include "lab/node.h"

#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "core/http/http.h"

namespace pullseal::lab {
namespace {

// LinuxPodSandboxConfig{security_context{namespace_options{network: NODE}}}: the pod uses the host's network.
const std::string kHostNetwork("\x12\x04\x0a\x02\x08\x02", 6);

void SetDeadline(grpc::ClientContext& context, int seconds) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
}

void FillPod(cri::PodSandboxConfig& config, const std::string& name, const std::string& pod_namespace, int attempt) {
  config.mutable_metadata()->set_name(name);
  config.mutable_metadata()->set_uid(name + "-uid");
  config.mutable_metadata()->set_namespace_(pod_namespace);
  config.mutable_metadata()->set_attempt(static_cast<std::uint32_t>(attempt));
  config.add_linux(kHostNetwork);
}

bool Answers(const std::string& socket) {
  Cri client(socket);
  return client.Version().ok();
}

// Mounts below a folder keep it from being removed.
void UnmountBelow(const std::string& folder) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::vector<std::string> found;
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;
    if (word.starts_with(folder + "/")) found.push_back(word);
  }
  std::sort(found.rbegin(), found.rend());
  for (const std::string& one : found) ::umount2(one.c_str(), MNT_DETACH);
}

}  // namespace

Cri::Cri(const std::string& socket, bool patient) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 24);
  arguments.SetMaxReceiveMessageSize(16 << 20);
  // A kubelet's own: it waits 5 s for a connection. Tests want to know sooner.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, patient ? 100 : 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, patient ? 5000 : 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, patient ? 3000 : 200);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
  runtime_ = cri::RuntimeService::NewStub(channel_);
  image_ = cri::ImageService::NewStub(channel_);
}

grpc::Status Cri::Version(std::string* version) {
  grpc::ClientContext context;
  SetDeadline(context, 5);
  cri::VersionResponse response;
  const grpc::Status status = runtime_->Version(&context, {}, &response);
  if (version != nullptr) *version = response.runtime_version();
  return status;
}

grpc::Status Cri::Pull(const std::string& image, const std::string& pod_namespace, std::string* image_ref,
                       const cri::AuthConfig* auth) {
  grpc::ClientContext context;
  SetDeadline(context, 60);
  cri::PullImageRequest request;
  request.mutable_image()->set_image(image);
  if (!pod_namespace.empty()) FillPod(*request.mutable_sandbox_config(), "pull", pod_namespace, 0);
  if (auth != nullptr) *request.mutable_auth() = *auth;
  cri::PullImageResponse response;
  const grpc::Status status = image_->PullImage(&context, request, &response);
  if (image_ref != nullptr) *image_ref = response.image_ref();
  return status;
}

std::string Cri::ImageId(const std::string& name) {
  grpc::ClientContext context;
  SetDeadline(context, 10);
  cri::ImageStatusRequest request;
  request.mutable_image()->set_image(name);
  cri::ImageStatusResponse response;
  return image_->ImageStatus(&context, request, &response).ok() ? response.image().id() : "";
}

grpc::Status Cri::RunPod(const std::string& name, const std::string& pod_namespace, std::string* id) {
  grpc::ClientContext context;
  SetDeadline(context, 60);
  cri::RunPodSandboxRequest request;
  FillPod(*request.mutable_config(), name, pod_namespace, ++attempt_);
  cri::RunPodSandboxResponse response;
  const grpc::Status status = runtime_->RunPodSandbox(&context, request, &response);
  *id = response.pod_sandbox_id();
  return status;
}

cri::CreateContainerRequest Cri::CreateRequest(const std::string& pod, const std::string& image,
                                               const std::string& claimed) {
  cri::CreateContainerRequest request;
  request.set_pod_sandbox_id(pod);
  auto& config = *request.mutable_config();
  config.mutable_metadata()->set_name("c" + std::to_string(++attempt_));
  config.mutable_image()->set_image(image);
  config.mutable_image()->set_user_specified_image(claimed);
  config.add_command("/bin/sleep");
  config.add_command("100000");
  // containerd makes the container's unique name from what the request says of the pod, so it differs each time.
  FillPod(*request.mutable_sandbox_config(), "claimed-" + pod.substr(0, 12), "claimed", attempt_);
  return request;
}

grpc::Status Cri::Create(const cri::CreateContainerRequest& request, std::string* id) {
  grpc::ClientContext context;
  SetDeadline(context, 60);
  cri::CreateContainerResponse response;
  const grpc::Status status = runtime_->CreateContainer(&context, request, &response);
  if (id != nullptr) *id = response.container_id();
  return status;
}

grpc::Status Cri::Create(const std::string& pod, const std::string& image, const std::string& claimed,
                         std::string* id) {
  return Create(CreateRequest(pod, image, claimed), id);
}

grpc::Status Cri::Start(const std::string& id) {
  grpc::ClientContext context;
  SetDeadline(context, 60);
  cri::StartContainerRequest request;
  request.set_container_id(id);
  cri::StartContainerResponse response;
  return runtime_->StartContainer(&context, request, &response);
}

grpc::Status Cri::Exec(const std::string& id, const std::vector<std::string>& command, std::string* output) {
  grpc::ClientContext context;
  SetDeadline(context, 30);
  cri::ExecSyncRequest request;
  request.set_container_id(id);
  for (const std::string& word : command) request.add_cmd(word);
  request.set_timeout(20);
  cri::ExecSyncResponse response;
  const grpc::Status status = runtime_->ExecSync(&context, request, &response);
  *output = response.stdout() + response.stderr();
  return status;
}

grpc::Status Cri::Remove(const std::string& id) {
  grpc::ClientContext context;
  SetDeadline(context, 30);
  cri::RemoveContainerRequest request;
  request.set_container_id(id);
  cri::RemoveContainerResponse response;
  return runtime_->RemoveContainer(&context, request, &response);
}

grpc::Status Cri::RemovePod(const std::string& id) {
  grpc::ClientContext stop_context;
  SetDeadline(stop_context, 30);
  cri::StopPodSandboxRequest stop;
  stop.set_pod_sandbox_id(id);
  cri::StopPodSandboxResponse stopped;
  runtime_->StopPodSandbox(&stop_context, stop, &stopped);
  grpc::ClientContext context;
  SetDeadline(context, 30);
  cri::RemovePodSandboxRequest request;
  request.set_pod_sandbox_id(id);
  cri::RemovePodSandboxResponse response;
  return runtime_->RemovePodSandbox(&context, request, &response);
}

std::vector<cri::Container> Cri::Containers() {
  grpc::ClientContext context;
  SetDeadline(context, 10);
  cri::ListContainersResponse response;
  runtime_->ListContainers(&context, {}, &response);
  return {response.containers().begin(), response.containers().end()};
}

std::vector<cri::PodSandbox> Cri::Pods() {
  grpc::ClientContext context;
  SetDeadline(context, 10);
  cri::ListPodSandboxResponse response;
  runtime_->ListPodSandbox(&context, {}, &response);
  return {response.items().begin(), response.items().end()};
}

Containerd::Containerd(const std::string& bin, int major, const std::string& folder, const std::string& sandbox_image)
    : bin_(bin), folder_(folder), socket_(folder + "/containerd.sock") {
  std::string config = "version = " + std::string(major == 1 ? "2" : "3") + "\nroot = \"" + folder +
                       "/root\"\nstate = \"" + folder + "/state\"\n[grpc]\naddress = \"" + socket_ +
                       "\"\n[ttrpc]\naddress = \"" + socket_ +
                       ".ttrpc\"\n[plugins.\"io.containerd.internal.v1.opt\"]\npath = \"" + folder + "/opt\"\n";
  if (major == 1) {
    config += "[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"" + sandbox_image +
              "\"\nrestrict_oom_score_adj = true\ndisable_apparmor = true\ndisable_tcp_service = true\n"
              "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"" +
              hosts_folder() + "\"\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nconf_dir = \"" + folder + "/cni\"\n";
  } else {
    config += "[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = '" + sandbox_image +
              "'\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '" + hosts_folder() +
              "'\n[plugins.'io.containerd.cri.v1.runtime']\nrestrict_oom_score_adj = true\ndisable_apparmor = true\n"
              "[plugins.'io.containerd.cri.v1.runtime'.cni]\nconf_dir = '" +
              folder +
              "/cni'\n"
              "[plugins.'io.containerd.nri.v1.nri']\ndisable = true\n";
  }
  WriteFile(config_file(), config);
  Start();
}

// Pods are removed around the proxy, so that no shim is left behind.
Containerd::~Containerd() {
  if (!process_) return;
  Cri client(socket_);
  for (const cri::PodSandbox& pod : client.Pods()) client.RemovePod(pod.id());
  process_.reset();
  UnmountBelow(folder_);
}

void Containerd::Start() {
  const char* path = std::getenv("PATH");
  process_ = std::make_unique<Process>(
      std::vector<std::string>{bin_ + "/containerd", "-c", config_file()}, folder_ + "/containerd.log",
      Environment{{"PATH", bin_ + ":/usr/sbin:/usr/bin:/sbin:/bin:" + (path ? path : "")}});
  if (!WaitFor([this] { return Answers(socket_); }, 30)) {
    throw std::runtime_error("containerd did not start: " + ReadText(folder_ + "/containerd.log"));
  }
}

void Containerd::Stop(int signal) {
  process_->End(signal);
  process_.reset();
}

Output Containerd::Ctr(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {bin_ + "/ctr", "-a", socket_, "-n", "k8s.io"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Execute(command);
}

Daemon::Daemon(const std::string& program, const std::string& folder, const Containerd& containerd,
               const std::string& policy, const std::string& more_config)
    : program_(program), folder_(folder), socket_(folder + "/cri/cri.sock"), metrics_port_(FreePort()) {
  WriteFile(folder_ + "/config.yaml", "state: " + folder_ + "/state\nlisten: {cri: " + socket_ + ", admin: " +
                                          admin_socket() + ", metrics: \"127.0.0.1:" + std::to_string(metrics_port_) +
                                          "\"}\nruntime: {socket: " + containerd.socket() +
                                          ", config: " + containerd.config_file() + "}\npolicy: " + policy_file() +
                                          "\naudit: {file: " + audit_file() + "}\nnode: {name: lab}\n" + more_config);
  WriteFile(policy_file(), policy);
  Start();
}

void Daemon::Start() {
  process_ = std::make_unique<Process>(std::vector<std::string>{program_, "--config", folder_ + "/config.yaml"},
                                       folder_ + "/pullseald.log");
  if (!WaitFor([this] { return Answers(socket_); }, 30)) throw std::runtime_error("pullseald did not start: " + Log());
}

int Daemon::Stop(int signal) {
  const int status = process_->End(signal);
  process_.reset();
  return status;
}

void Daemon::SetPolicy(const std::string& policy) {
  const std::size_t before = Log().size();
  WriteFile(policy_file(), policy);
  process_->Signal(SIGHUP);
  WaitFor([&] { return Log().find("policy", before) != std::string::npos; });
}

std::string Daemon::Metrics() const {
  const auto http = http::MakeCurlHttp("");
  http::HttpRequest request;
  request.url = *http::Url::Parse("http://127.0.0.1:" + std::to_string(metrics_port_) + "/metrics");
  request.most = 1 << 22;
  request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  const auto response = http->Do(request);
  return response ? response->body : "";
}

}  // namespace pullseal::lab
