// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "core/base/log.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"

// Any file in the database's place: what is found has the digest it is found by, and the store works on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  log::SetLevel(log::Level::kError);
  static const std::string path = "/tmp/pullseal_store_fuzz_" + std::to_string(::getpid()) + ".db";
  for (const char* suffix : {"", "-wal", "-shm", ".aside", ".aside-wal", ".aside-shm"})
    std::remove((path + suffix).c_str());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  static const SystemClock clock;
  const auto store = store::OpenSqliteStore(path, limits::kStoreBytes, clock);
  const oci::Digest subject = oci::Digest::Of(AsBytes("subject"));
  const auto listed = store->List(100);
  if (!listed) return 0;
  for (const auto& one : *listed) {
    const auto digest = oci::Digest::Parse(one.digest);
    if (!digest) continue;
    const auto known = store->Find(*digest, one.repository, limits::kStoreAdminTime);
    if (!known) continue;
    for (const auto& found : *known) {
      if (oci::Digest::Of(found.payload) != found.blob) __builtin_trap();
    }
  }
  const Bytes bytes = {1, 2, 3};
  store->Add(subject, "reg.io/app", "default", {{oci::Digest::Of(bytes), "t", bytes, {}, clock.Now()}});
  (void)store->Find(subject, "reg.io/app", limits::kStoreAdminTime);
  return 0;
}
