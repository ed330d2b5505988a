// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_LAB_PROCESS_H_
#define PULLSEAL_LAB_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

// Real programs for tests and the demo: started, watched and ended by pid.
namespace pullseal::lab {

using Environment = std::map<std::string, std::string>;  // added to ours

struct Output {
  int status = -1;   // exit status, 128 + signal if it was killed
  std::string text;  // standard output and error together
};

// Execute runs a program to its end and returns what it wrote.
Output Execute(const std::vector<std::string>& command, const Environment& environment = {});

// Process is a program that runs until the object goes: SIGTERM, and SIGKILL after 10 seconds.
class Process {
 public:
  // Writes both outputs to `log_file`.
  Process(const std::vector<std::string>& command, const std::string& log_file, const Environment& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  // Sends `signal` and waits for the end; returns the exit status as in Output.
  int End(int signal);
  void Signal(int signal) const;

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

// TempFolder is an empty folder that goes with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

int FreePort();
void WriteFile(const std::string& path, const std::string& text);
std::string ReadText(const std::string& path);
// Waits until `done` holds, at most `seconds`; says whether it does.
template <typename Condition>
bool WaitFor(Condition done, double seconds = 20);

}  // namespace pullseal::lab

#include <chrono>
#include <thread>

template <typename Condition>
bool pullseal::lab::WaitFor(Condition done, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

#endif  // PULLSEAL_LAB_PROCESS_H_
