// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_CREDENTIAL_PROVIDER_H_
#define PULLSEAL_IMAGE_CREDENTIALS_CREDENTIAL_PROVIDER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/command.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/single_flight.h"
#include "core/http/roots.h"
#include "image/credentials/credentials.h"
#include "image/credentials/limits.h"
#include "image/credentials/provider_config.h"

namespace pullseal::credentials {

// Answer is what a credential provider said: credentials by the images they are for, and for what and how long the
// answer may be kept.
struct ProviderAnswer {
  enum class KeyType { kImage, kRegistry, kGlobal };
  KeyType key_type = KeyType::kImage;
  std::optional<std::chrono::milliseconds> cache;         // absent: the configuration's default
  std::vector<std::pair<std::string, Credentials>> auth;  // by pattern (MatchesImage), as kubelet tries them
};

// ParseProviderAnswer reads a CredentialProviderResponse of `api_version`, strictly as kubelet does: another version or
// kind, an unknown cacheKeyType and malformed fields are kRemote.
Result<ProviderAnswer> ParseProviderAnswer(std::string_view text, const std::string& api_version);

// ProviderSource asks the kubelet's credential provider plugins, by kubelet's own configuration and protocol
// (credentialprovider.kubelet.k8s.io, "exec"), and keeps their answers as they say. The configuration is read again
// when it changes. Thread-safe.
class ProviderSource final : public CredentialSource {
 public:
  using Run = std::function<Result<Secret>(const Command&)>;
  using Warning = std::function<void(const std::string&)>;

  ProviderSource(std::string config_file, std::string folder, const Clock& clock, Warning warning, Run run = RunCommand)
      : config_file_(std::move(config_file)),
        folder_(std::move(folder)),
        clock_(clock),
        warning_(std::move(warning)),
        run_(std::move(run)) {}

  std::string_view name() const override { return "credential provider"; }
  Result<std::vector<Credentials>> Find(const std::string& host, const std::string& path, SteadyTime deadline) override;

 private:
  struct Kept {
    Result<std::shared_ptr<const ProviderAnswer>> answer;
    SteadyTime expires;
  };
  using Providers = std::shared_ptr<const std::vector<Provider>>;
  Result<Providers> Configured();
  std::optional<Result<std::shared_ptr<const ProviderAnswer>>> Remembered(const Provider& provider,
                                                                          const std::string& host,
                                                                          const std::string& image);
  Result<std::shared_ptr<const ProviderAnswer>> Ask(const Provider& provider, const std::string& host,
                                                    const std::string& image, SteadyTime deadline);

  const std::string config_file_;
  const std::string folder_;
  const Clock& clock_;
  const Warning warning_;
  const Run run_;
  SingleFlight<Result<std::shared_ptr<const ProviderAnswer>>> flights_;
  Mutex mutex_;
  http::FileStamp stamp_ PULLSEAL_GUARDED_BY(mutex_);
  bool told_ PULLSEAL_GUARDED_BY(mutex_) = false;  // that the configuration is broken
  Providers providers_ PULLSEAL_GUARDED_BY(mutex_);
  LruMap<Kept> answers_ PULLSEAL_GUARDED_BY(mutex_){limits::kProviderAnswers};
};

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_CREDENTIAL_PROVIDER_H_
