// SPDX-License-Identifier: Apache-2.0
#include "core/base/command.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"

namespace pullseal {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& one : texts) out.push_back(one.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> Environment(const Command& command) {
  std::map<std::string, std::string> merged;
  for (char** one = ::environ; *one != nullptr; ++one) {
    const std::string_view text(*one);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) merged[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  merged.erase("NOTIFY_SOCKET");  // ours alone
  for (const auto& [name, value] : command.environment) merged[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : merged) out.push_back(name + "=" + value);
  return out;
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void Become(const Command& command, int input, int output, char* const* argv, char* const* environment) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!command.keeps_rights) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (int capability = 0; capability < 64; ++capability) {
    if (!command.keeps_rights && capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH)
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_WRONLY);
  const bool ready = ::dup2(input, 0) >= 0 && ::dup2(output, 1) >= 0 && null >= 0 &&
                     ::dup2(command.tells_errors ? output : null, 2) >= 0 && ::chdir("/") == 0 &&
                     ::syscall(SYS_close_range, 3U, ~0U, 0U) == 0;
  if (ready) ::execve(argv[0], argv, environment);
  ::_exit(127);
}

// A child that is killed with all its descendants, and waited for, when this goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) (void)Wait(steady_clock::now());
  }
  // Its status; absent if it had not ended by `deadline` and was killed. What it left running goes with it in any case,
  // before its number is given back.
  std::optional<int> Wait(steady_clock::time_point deadline) {
    bool ended = Ended();
    while (!ended && steady_clock::now() < deadline) {
      SystemClock().SleepFor(milliseconds(5));
      ended = Ended();
    }
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = -1;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return ended ? std::optional(status) : std::nullopt;
  }

 private:
  bool Ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }

  pid_t pid_;
};

// Feeds `input` and collects the output until the other side closes it.
Result<Secret> Converse(int input, int output, const Command& command, steady_clock::time_point deadline,
                        OwnedFd& input_end) {
  std::string collected;
  collected.reserve(4096);
  std::size_t written = 0;
  std::array<char, 4096> buffer;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) return Error{ErrorCode::kTimeout, "no answer in " + std::to_string(command.time.count()) + " ms"};
    std::array<pollfd, 2> fds = {pollfd{output, POLLIN, 0}, pollfd{input_end.valid() ? input : -1, POLLOUT, 0}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) {
      const ssize_t sent = ::send(input, command.input.data() + written, command.input.size() - written, MSG_NOSIGNAL);
      if (sent > 0) written += static_cast<std::size_t>(sent);
      if (sent < 0 || written == command.input.size()) input_end.Close();
    }
    if (fds[0].revents == 0) continue;
    const ssize_t got = ::read(output, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got < 0 && errno != EINTR) break;
    if (got > 0) collected.append(buffer.data(), static_cast<std::size_t>(got));
    ::explicit_bzero(buffer.data(), buffer.size());
    if (collected.size() > command.most) {
      Wipe(collected);
      return Error{ErrorCode::kLimit, "more than " + std::to_string(command.most) + " bytes of output"};
    }
  }
  return Secret(std::move(collected));
}

}  // namespace

Result<Secret> RunCommand(const Command& command) {
  std::vector<std::string> arguments = {command.path};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = Environment(command);
  const auto argv = Pointers(arguments);
  const auto envp = Pointers(environment);
  // The child's input is a socket, so that writing to a child that is gone is an error and no signal.
  int in[2];
  int out[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) {
    return Error{ErrorCode::kUnavailable, "no socket for a command: " + ErrnoText(errno)};
  }
  OwnedFd input_end(in[0]);
  const OwnedFd child_input(in[1]);
  if (::pipe2(out, O_CLOEXEC) != 0) return Error{ErrorCode::kUnavailable, "no pipe for a command: " + ErrnoText(errno)};
  const OwnedFd output_end(out[0]);
  OwnedFd child_output(out[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return Error{ErrorCode::kUnavailable, "no process for a command: " + ErrnoText(errno)};
  if (pid == 0) Become(command, child_input.get(), child_output.get(), argv.data(), envp.data());
  Child child(pid);
  child_output.Close();
  const int input = input_end.get();
  const auto deadline = steady_clock::now() + command.time;
  auto text = Converse(input, output_end.get(), command, deadline, input_end);
  if (!text) return text;
  const auto ended = child.Wait(deadline);
  if (!ended) return Error{ErrorCode::kTimeout, "did not end in " + std::to_string(command.time.count()) + " ms"};
  const int status = *ended;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  if (WIFEXITED(status)) {
    std::string why = "ended with status " + std::to_string(WEXITSTATUS(status));
    if (command.tells_errors && !text->text().empty()) why += ": " + Printable(text->text(), 600);
    return Error{ErrorCode::kUnavailable, std::move(why)};
  }
  return Error{ErrorCode::kUnavailable, "ended by signal " + std::to_string(WTERMSIG(status))};
}

}  // namespace pullseal
