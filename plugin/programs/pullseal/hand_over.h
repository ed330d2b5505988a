// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_HAND_OVER_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_HAND_OVER_H_

// One command line, three programs: `pullseal` is one static file that starts at once. What reads policies and asks
// registries is in `pullseal-verify`, what speaks CRI and knows the whole node in `pullseal-node`; they lie beside it
// and are handed over to.
namespace pullseal::cli {

// Becomes that program, with the arguments this process was started with. Returns an exit status where it cannot.
int HandOver(const char* program);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_HAND_OVER_H_
