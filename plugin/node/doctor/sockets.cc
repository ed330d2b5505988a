// SPDX-License-Identifier: Apache-2.0
#include "node/doctor/sockets.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/base/file.h"
#include "node/install/limits.h"

namespace pullseal::doctor {
namespace {

namespace fs = std::filesystem;

struct UnixSocket {
  std::uint32_t peer = 0;
  std::string name;
};

UnixSocket Read(const nlmsghdr* header) {
  UnixSocket out;
  const auto* message = static_cast<const unix_diag_msg*>(NLMSG_DATA(header));
  auto left = static_cast<unsigned>(header->nlmsg_len - NLMSG_LENGTH(sizeof *message));
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const char*>(RTA_DATA(attribute));
    const std::size_t size = RTA_PAYLOAD(attribute);
    if (attribute->rta_type == UNIX_DIAG_NAME) out.name.assign(data, ::strnlen(data, size));
    if (attribute->rta_type == UNIX_DIAG_PEER && size >= sizeof out.peer) std::memcpy(&out.peer, data, sizeof out.peer);
  }
  return out;
}

// Inodes of the sockets at the other end of those the listener at `path` has accepted.
Result<std::set<std::uint32_t>> PeersOf(const std::string& path) {
  const Error refused{ErrorCode::kUnavailable, "the kernel does not tell of unix sockets"};
  const OwnedFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  struct {
    nlmsghdr header{};
    unix_diag_req request{};
  } ask;
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.request.sdiag_family = AF_UNIX;
  ask.request.udiag_states = ~0U;
  ask.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
  const timeval limit{5, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (!fd.valid() || ::send(fd.get(), &ask, sizeof ask, 0) != static_cast<ssize_t>(sizeof ask)) return refused;
  std::set<std::uint32_t> out;
  alignas(nlmsghdr) std::array<char, 32768> chunk;
  while (true) {
    const ssize_t got = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (got <= 0) return refused;
    auto left = static_cast<unsigned>(got);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(chunk.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return out;
      if (header->nlmsg_type == NLMSG_ERROR) return refused;
      const UnixSocket one = Read(header);
      if (one.peer != 0 && one.name == path) out.insert(one.peer);
    }
  }
}

// The inode in a link "socket:[123]"; 0 for others.
std::uint32_t InodeOf(const std::string& target) {
  std::uint32_t out = 0;
  if (!target.starts_with("socket:[")) return 0;
  std::from_chars(target.data() + 8, target.data() + target.size(), out);
  return out;
}

}  // namespace

Result<std::vector<Process>> ClientsOf(const std::string& path) {
  auto peers = PeersOf(path);
  if (!peers) return peers.error();
  std::vector<Process> out;
  std::error_code error;
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (++seen > limits::kProcesses) break;
    std::error_code gone;
    for (const auto& file : fs::directory_iterator(entry.path() / "fd", gone)) {
      std::error_code ignored;
      if (!peers->contains(InodeOf(fs::read_symlink(file.path(), ignored).string()))) continue;
      auto name = ReadFile((entry.path() / "comm").string(), 256);
      Process one{std::atoi(pid.c_str()), name ? name->substr(0, name->find('\n')) : ""};
      out.push_back(std::move(one));
      break;
    }
  }
  return out;
}

}  // namespace pullseal::doctor
