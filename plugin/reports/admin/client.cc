// SPDX-License-Identifier: Apache-2.0
#include "reports/admin/client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/limits.h"

namespace pullseal::admin {

Status Ask(const std::string& socket, const json::Writer& request,
           const std::function<void(const json::Value& line, const std::string& text)>& each) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return Error{ErrorCode::kInvalid, "the socket's path is too long"};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{ErrorCode::kUnreachable,
                 "no daemon at " + socket + " (" + ErrnoText(errno) + "); is pullseald running, and are you root?"};
  }
  // The longest a daemon is silent while it judges one image.
  const timeval limit{2 * limits::kWarmTime.count(), 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::string line = request.Finish() + "\n";
  if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return Error{ErrorCode::kRemote, "the daemon closed the connection; it serves root only"};
  }
  std::string pending;
  while (true) {
    for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      const std::string text = pending.substr(0, end);
      pending.erase(0, end + 1);
      const auto reply = json::Parse(text);
      if (!reply) return Error{ErrorCode::kRemote, "the daemon's answer is no JSON"};
      if (const std::string* error = reply->FindString("error")) {
        return Error{ErrorCode::kRemote, "the daemon says: " + Printable(*error, 500)};
      }
      each(*reply, text);
      if (reply->Find("done") != nullptr) return {};
    }
    if (pending.size() > limits::kAdminLineBytes) return Error{ErrorCode::kRemote, "the daemon's answer is too long"};
    char chunk[16384];
    const ssize_t got = ::recv(fd.get(), chunk, sizeof chunk, 0);
    if (got <= 0) return Error{ErrorCode::kRemote, "the daemon's answer broke off; it serves root only"};
    pending.append(chunk, static_cast<std::size_t>(got));
  }
}

}  // namespace pullseal::admin
