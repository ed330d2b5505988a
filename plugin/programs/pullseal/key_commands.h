// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_KEY_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_KEY_COMMANDS_H_

#include <string>

namespace pullseal::cli {

struct KeyFetchOptions {
  std::string key;        // azurekms://VAULT/NAME[/VERSION]
  std::string out = ".";  // folder
  std::string vault_url;  // asked instead of https://VAULT; empty: that
  std::string ca_file;
  bool windows = false;  // told of the policy's entries too
};

// `pullseal key fetch`: one PEM file NAME-VERSION.pub for each enabled version of a key, and a policy's entries for
// them. The token is AZURE_ACCESS_TOKEN's, else that of this machine's managed identity (AZURE_CLIENT_ID of several).
// 0; 1 if there is no such key, none is enabled or one cannot be taken; 2 if the vault could not be asked or a file not
// be written; 64 usage.
int KeyFetch(const KeyFetchOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_KEY_COMMANDS_H_
