// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_TRUST_RENEWAL_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_TRUST_RENEWAL_H_

#include <string>
#include <vector>

// `pullseal trust update`, `import` and `client`: trust roots that come from TUF repositories.
namespace pullseal::cli {

struct RenewalOptions {
  std::string source;  // URL, folder or archive
  std::string root;
  std::string out;
  std::string ca_file;
  std::vector<std::string> targets;
  bool takes_ended_unsafe = false;
  bool json = false;
};

// Each writes what is trusted now to standard output, or why not to standard error. 0; 1 if it is refused; 2 if it
// could not be got. Unless it is 0 the folder is as it was.
int TrustUpdate(const RenewalOptions& options);
int TrustImport(const RenewalOptions& options);

struct ClientOptions {
  std::string folder;
  std::string metadata_url;
  std::string targets_url;
  std::string target_folder;
  std::vector<std::string> targets;
  std::string root;
};

// The conformance suite's commands (theupdateframework/tuf-conformance, CLIENT-CLI.md). 0 or 1.
int TrustClientInit(const ClientOptions& options);
int TrustClientRefresh(const ClientOptions& options);
int TrustClientDownload(const ClientOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_TRUST_RENEWAL_H_
