// SPDX-License-Identifier: Apache-2.0
#include "adapters/verifier_plugin/ask.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/json/value.h"

namespace pullseal::verifier {
namespace {

using std::chrono::milliseconds;

// 0 once `deadline` has passed.
int MillisecondsLeft(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

bool WaitFor(int fd, short events, SteadyTime deadline) {
  pollfd one{fd, events, 0};
  while (true) {
    const int ready = ::poll(&one, 1, MillisecondsLeft(deadline));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// Whoever can write into the folder could put another socket in this one's place.
Status CheckFolder(const std::string& socket) {
  const std::string folder = socket.substr(0, socket.find_last_of('/'));
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    return Error{ErrorCode::kUnreachable, "pullseald does not run on this node (no " + folder + ")"};
  }
  if (info.st_uid != 0 || (info.st_mode & 0022) != 0) {
    return Error{ErrorCode::kUnauthorized, folder + " can be written to by others than root"};
  }
  return {};
}

Status Send(int fd, std::string_view text, SteadyTime deadline) {
  while (!text.empty()) {
    if (!WaitFor(fd, POLLOUT, deadline)) return Error{ErrorCode::kTimeout, "pullseald does not take the question"};
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return Error{ErrorCode::kUnreachable, "pullseald closed the connection"};
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> ReadLine(int fd, SteadyTime deadline) {
  std::string line;
  while (line.size() <= limits::kAdminLineBytes) {
    if (const std::size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    if (!WaitFor(fd, POLLIN, deadline)) return Error{ErrorCode::kTimeout, "pullseald did not answer in time"};
    char chunk[4096];
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Error{ErrorCode::kUnreachable, "pullseald closed the connection"};
    line.append(chunk, static_cast<std::size_t>(got));
  }
  return Error{ErrorCode::kRemote, "pullseald's answer is too long"};
}

Result<OwnedFd> Connect(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return Error{ErrorCode::kInvalid, "the socket's path is too long"};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{ErrorCode::kUnreachable, "pullseald does not answer on this node (" + ErrnoText(errno) + ")"};
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) {
    return Error{ErrorCode::kUnauthorized, "what answers at " + socket + " is not run by root"};
  }
  return fd;
}

}  // namespace

Result<Answer> Ask(const std::string& socket, const Question& question, SteadyTime deadline) {
  if (const Status folder = CheckFolder(socket); !folder) return folder.error();
  auto fd = Connect(socket);
  if (!fd) return fd.error();
  json::Writer request;
  request.Text("command", "image-verifier").Text("name", question.name).Text("digest", question.digest);
  const std::string text = request.Finish() + "\n";
  if (text.size() > limits::kAdminLineBytes) return Error{ErrorCode::kLimit, "the image's name is too long"};
  if (const Status sent = Send(fd->get(), text, deadline); !sent) return sent.error();
  auto line = ReadLine(fd->get(), deadline);
  if (!line) return line.error();
  const auto reply = json::Parse(*line);
  if (!reply) return Error{ErrorCode::kRemote, "pullseald's answer is no JSON"};
  if (const std::string* error = reply->FindString("error")) return Error{ErrorCode::kRemote, *error};
  const json::Value* allow = reply->Find("allow");
  if (allow == nullptr || allow->boolean() == nullptr)
    return Error{ErrorCode::kRemote, "pullseald's answer is no answer"};
  const auto part = [&](std::string_view name) {
    const std::string* found = reply->FindString(name);
    return found != nullptr ? *found : std::string();
  };
  const std::string rule = part("rule").empty() ? "" : "rule \"" + part("rule") + "\": ";
  return Answer{*allow->boolean(),
                "SignatureValidationFailed: " + question.name + ": " + rule + part("reason") + ": " + part("message")};
}

}  // namespace pullseal::verifier
