// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_LAB_NODE_H_
#define PULLSEAL_LAB_NODE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "cri.grpc.pb.h"
#include "lab/process.h"

namespace pullseal::lab {

namespace cri = ::runtime::v1;

// Cri is a CRI client as a kubelet is one, on a unix socket.
class Cri {
 public:
  // `patient`: connects again as a kubelet does.
  explicit Cri(const std::string& socket, bool patient = false);

  // An image name with the credentials and the pod it is pulled for; `pod_namespace` empty: without a pod.
  grpc::Status Pull(const std::string& image, const std::string& pod_namespace, std::string* image_ref = nullptr,
                    const cri::AuthConfig* auth = nullptr);
  // The image's ID, empty if it is not there.
  std::string ImageId(const std::string& name);
  // Runs a pod on the host's network; returns its ID through `id`.
  grpc::Status RunPod(const std::string& name, const std::string& pod_namespace, std::string* id);
  // A container of `image` (ID or name); `claimed` is what the pod calls it.
  cri::CreateContainerRequest CreateRequest(const std::string& pod, const std::string& image,
                                            const std::string& claimed);
  grpc::Status Create(const cri::CreateContainerRequest& request, std::string* id);
  grpc::Status Create(const std::string& pod, const std::string& image, const std::string& claimed, std::string* id);
  grpc::Status Start(const std::string& id);
  // The output of a command in a running container.
  grpc::Status Exec(const std::string& id, const std::vector<std::string>& command, std::string* output);
  grpc::Status Remove(const std::string& id);
  grpc::Status RemovePod(const std::string& id);
  std::vector<cri::Container> Containers();
  std::vector<cri::PodSandbox> Pods();
  grpc::Status Version(std::string* version = nullptr);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  cri::RuntimeService::Stub& runtime() { return *runtime_; }
  cri::ImageService::Stub& image() { return *image_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<cri::RuntimeService::Stub> runtime_;
  std::unique_ptr<cri::ImageService::Stub> image_;
  int attempt_ = 0;
};

// Containerd is a real containerd with its state in a folder.
class Containerd {
 public:
  // `bin` holds containerd and its shim; `major` is 1 or 2; `sandbox_image` its pause image.
  Containerd(const std::string& bin, int major, const std::string& folder, const std::string& sandbox_image);
  ~Containerd();
  const std::string& socket() const { return socket_; }
  std::string config_file() const { return folder_ + "/config.toml"; }
  std::string hosts_folder() const {
    return folder_ + "/certs.d";
  }  // its config_path; not there until somebody makes it
  void Start();
  void Stop(int signal);
  // ctr in namespace k8s.io.
  Output Ctr(const std::vector<std::string>& arguments) const;

 private:
  const std::string bin_;
  const std::string folder_;
  const std::string socket_;
  std::unique_ptr<Process> process_;
};

// Daemon is pullseald with a configuration and policy in a folder.
class Daemon {
 public:
  Daemon(const std::string& program, const std::string& folder, const Containerd& containerd, const std::string& policy,
         const std::string& more_config = "");
  const std::string& socket() const { return socket_; }
  std::string admin_socket() const { return folder_ + "/admin/admin.sock"; }
  int metrics_port() const { return metrics_port_; }
  std::string audit_file() const { return folder_ + "/audit.jsonl"; }
  std::string config_file() const { return folder_ + "/config.yaml"; }
  std::string policy_file() const { return folder_ + "/policy.yaml"; }
  std::string Log() const { return ReadText(folder_ + "/pullseald.log"); }
  pid_t pid() const { return process_ ? process_->pid() : -1; }
  void Start();
  int Stop(int signal);
  // Writes the policy and has it read; waits until it is in force or refused.
  void SetPolicy(const std::string& policy);
  std::string Metrics() const;

 private:
  const std::string program_;
  const std::string folder_;
  const std::string socket_;
  const int metrics_port_;
  std::unique_ptr<Process> process_;
};

}  // namespace pullseal::lab

#endif  // PULLSEAL_LAB_NODE_H_
