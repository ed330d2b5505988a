// SPDX-License-Identifier: Apache-2.0
#include "node/doctor/plugin.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/bytes.h"
#include "node/doctor/containerd.h"
#include "node/install/limits.h"
#include "node/install/version.h"

namespace pullseal::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "pullseal-image-verifier";

Finding Bad(const char* check, std::string text) { return Finding{check, Grade::kBad, std::move(text), true}; }
Finding Good(const char* check, std::string text) { return Finding{check, Grade::kGood, std::move(text), true}; }

// Who can write into the folder, or into one above it, can put another program in ours's place.
Finding LookAtFolder(const install::Host& host, const std::string& folder, int most) {
  for (fs::path one = folder; one.has_relative_path(); one = one.parent_path()) {
    struct stat info {};
    if (::stat(host.Path(one.string()).c_str(), &info) != 0)
      return Bad("plugin-folder", one.string() + " is not there: containerd allows everything");
    if (info.st_uid != 0 || (info.st_mode & 0022) != 0)
      return Bad("plugin-folder", one.string() + " can be written to by others than root");
  }
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(host.Path(folder), error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file(error) || ::access(entry.path().c_str(), X_OK) != 0) {
      return Bad("plugin-folder",
                 folder + "/" + Printable(name, 80) + " is no program: containerd fails every pull because of it");
    }
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  const auto ours = std::find(names.begin(), names.end(), kName);
  if (ours == names.end()) return Bad("plugin-folder", std::string(kName) + " is not in " + folder);
  if (ours - names.begin() >= most) {
    return Bad("plugin-folder", "containerd asks the first " + std::to_string(most) + " of " +
                                    std::to_string(names.size()) +
                                    " verifiers only (max_verifiers), and ours is not among them");
  }
  return Good("plugin-folder", folder + " holds our plugin, and only root can change it");
}

Finding RunCanary(const install::Host& host, const std::string& program) {
  const std::string digest = "sha256:" + std::string(64, '0');
  const auto said = host.Command({host.Path(program), "-name", "canary.pullseal.invalid/canary:1", "-digest", digest,
                                  "-stdin-media-type", "application/vnd.oci.descriptor.v1+json"},
                                 limits::kDoctorCall);
  if (said) return Bad("canary", "the plugin allowed a forged image");
  if (said.error().message.find("SignatureValidationFailed: canary.pullseal.invalid/") == std::string::npos) {
    return Bad("canary", "the plugin did not ask the daemon: " + said.error().message);
  }
  return Good("canary", "the plugin refused a forged image by the daemon's word");
}

}  // namespace

std::vector<Finding> LookAtPlugin(const install::Host& host, const std::string& containerd_version,
                                  const std::string& version) {
  std::vector<Finding> out;
  auto dump = host.Command({"containerd", "config", "dump"});
  const auto settings = dump ? ParseContainerdDump(*dump) : Result<ContainerdSettings>(dump.error());
  if (!settings) {
    out.push_back(Bad("plugin", "containerd's configuration cannot be read: " + settings.error().message));
    return out;
  }
  if (!VerifiersCoverCri(containerd_version)) {
    out.push_back(
        Bad("plugin", "containerd " + containerd_version + " never asks a verifier for pods; 2.1 and newer do"));
  } else if (settings->max_verifiers == 0) {
    out.push_back(Bad("plugin", "max_verifiers is 0: containerd allows everything"));
  } else if (!settings->passes_by.empty()) {
    std::string text = "containerd passes its verifiers by, because of:";
    for (const std::string& one : settings->passes_by) text += " " + one + ";";
    out.push_back(Bad("plugin", text));
  } else {
    out.push_back(Good("plugin", "containerd " + containerd_version + " asks its verifiers for the pods' pulls"));
  }
  out.push_back(LookAtFolder(host, settings->bin_dir, settings->max_verifiers));
  const std::string program = settings->bin_dir + "/" + std::string(kName);
  const auto there = host.Look(program);
  const auto installed = host.Look(install::VersionFolder(version) + "/usr/bin/" + std::string(kName));
  if (!there || !installed || there->text != installed->text)
    out.push_back(Bad("plugin-program", program + " is not the installed one"));
  out.push_back(RunCanary(host, program));
  out.push_back(
      Finding{"plugin-coverage", Grade::kWarning,
              "a plugin judges pulls only: not containers created from images that are on the node already (preloaded, "
              "imported, pulled before), not image volumes of such, not checkpoints, and without the pod's namespace"});
  return out;
}

}  // namespace pullseal::doctor
