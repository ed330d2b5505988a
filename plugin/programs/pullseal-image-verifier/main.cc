// SPDX-License-Identifier: Apache-2.0
// pullseal-image-verifier: containerd's image verifier plugin (containerd, docs/image-verification.md). It asks the
// daemon on this node and exits 0 for its allow alone; whatever else happens, it exits 1 and says why on standard
// output, which containerd puts into the pull's error. Linked statically: it runs in the node's own file system.
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "adapters/verifier_plugin/ask.h"
#include "core/base/bytes.h"
#include "image/oci/limits.h"
#include "programs/pullseal-image-verifier/limits.h"

namespace {

constexpr int kAllow = 0;
constexpr int kDeny = 1;

// Says why on one line; containerd cuts it at 32 KiB, and the name in it is remote text.
int Refuse(const std::string& why) {
  std::printf("%s\n", pullseal::Printable(why, 1000).c_str());
  std::fflush(stdout);
  return kDeny;
}

// What containerd writes to our input is the descriptor of what -digest names already. It is read so that containerd's
// write does not fail, up to a bound, and without waiting for one that never comes.
void DrainInput() {
  ::fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  char chunk[4096];
  for (std::size_t total = 0; total < pullseal::limits::kManifestBytes;) {
    pollfd one{STDIN_FILENO, POLLIN, 0};
    if (::poll(&one, 1, 100) <= 0) return;
    const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (got <= 0) return;
    total += static_cast<std::size_t>(got);
  }
}

int Verify(int argc, char** argv) {
  pullseal::verifier::Question question;
  const option options[] = {{"name", required_argument, nullptr, 'n'},
                            {"digest", required_argument, nullptr, 'd'},
                            {"stdin-media-type", required_argument, nullptr, 'm'},
                            {nullptr, 0, nullptr, 0}};
  ::opterr = 0;
  for (int one = 0; (one = ::getopt_long_only(argc, argv, "", options, nullptr)) != -1;) {
    if (one == 'n') question.name = ::optarg;
    if (one == 'd') question.digest = ::optarg;
    if (one == '?') return Refuse("pullseal: an argument that containerd does not give to verifiers");
  }
  if (::optind != argc || question.name.empty() || question.digest.empty()) {
    return Refuse("pullseal: called without -name and -digest; containerd calls this program, not people");
  }
  DrainInput();
  const auto deadline = std::chrono::steady_clock::now() + pullseal::limits::kPluginWait;
  const auto answer = pullseal::verifier::Ask("/run/pullseal/admin/admin.sock", question, deadline);
  if (!answer) return Refuse("pullseal: " + answer.error().message);
  if (!answer->allow) return Refuse(answer->message);
  return kAllow;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return Verify(argc, argv);
  } catch (const std::exception&) {
    return Refuse("pullseal: out of resources");
  }
}
