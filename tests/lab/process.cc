// SPDX-License-Identifier: Apache-2.0
#include "lab/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pullseal::lab {
namespace {

int StatusOf(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

// Forks; the child has `output_fd` as both outputs and dies with us.
pid_t Spawn(const std::vector<std::string>& command, int output_fd, const Environment& environment) {
  std::vector<std::string> entries;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string entry = *one;
    if (!environment.contains(entry.substr(0, entry.find('=')))) entries.push_back(entry);
  }
  for (const auto& [name, value] : environment) entries.push_back(name + "=" + value);
  std::vector<char*> env;
  for (std::string& entry : entries) env.push_back(entry.data());
  env.push_back(nullptr);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output_fd, 1);
  ::dup2(output_fd, 2);
  ::execvpe(argv[0], argv.data(), env.data());
  ::_exit(127);
}

}  // namespace

Output Execute(const std::vector<std::string>& command, const Environment& environment) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return {};
  const pid_t pid = Spawn(command, pipe_fds[1], environment);
  ::close(pipe_fds[1]);
  Output out;
  char chunk[4096];
  ssize_t got = 0;
  while ((got = ::read(pipe_fds[0], chunk, sizeof chunk)) > 0) out.text.append(chunk, static_cast<std::size_t>(got));
  ::close(pipe_fds[0]);
  int raw = 0;
  ::waitpid(pid, &raw, 0);
  out.status = StatusOf(raw);
  return out;
}

Process::Process(const std::vector<std::string>& command, const std::string& log_file, const Environment& environment) {
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  pid_ = Spawn(command, log, environment);
  ::close(log);
}

Process::~Process() {
  if (pid_ <= 0) return;
  Signal(SIGTERM);
  if (!WaitFor([this] { return !Running(); }, 10)) End(SIGKILL);
}

bool Process::Running() {
  if (pid_ <= 0) return false;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return true;
  status_ = StatusOf(raw);
  pid_ = -1;
  return false;
}

int Process::End(int signal) {
  if (pid_ <= 0) return status_;
  Signal(signal);
  int raw = 0;
  ::waitpid(pid_, &raw, 0);
  status_ = StatusOf(raw);
  pid_ = -1;
  return status_;
}

void Process::Signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

TempFolder::TempFolder() {
  std::string name = std::filesystem::temp_directory_path().string() + "/pullseal-XXXXXX";
  path_ = ::mkdtemp(name.data()) != nullptr ? name : "";
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

void WriteFile(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

}  // namespace pullseal::lab
