#ifndef PULLSEAL_CORE_BASE_LIMITS_H_
#define PULLSEAL_CORE_BASE_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every bound on what we read, keep, follow or wait for, each with its reason. Code takes its bounds from here.
namespace pullseal::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// --- documents ---
// The distribution specification asks registries and clients to support manifests of 4 MiB; none larger is needed.
inline constexpr std::size_t kManifestBytes = 4 * kMiB;
// A simple-signing payload is about 250 bytes; signed annotations can make it larger.
inline constexpr std::size_t kPayloadBytes = 64 * kKiB;
// An image config: usually 2 to 20 KiB; history and labels can grow it.
inline constexpr std::size_t kImageConfigBytes = 4 * kMiB;
// A Sigstore bundle: 0.7 KiB with a key, 16 KiB with a certificate; attestations with an SBOM inside reach megabytes.
inline constexpr std::size_t kBundleBytes = 16 * kMiB;
// A file that `pullseal verify-bundle` reads whole; larger ones can be given by their digest.
inline constexpr std::size_t kArtifactBytes = 512 * kMiB;
// Entries of a bundle's lists, as Sigstore's own clients bound them.
inline constexpr std::size_t kLogEntries = 32;
inline constexpr std::size_t kTimestamps = 32;
inline constexpr std::size_t kCertificates = 10;
inline constexpr std::size_t kProofHashes = 64;
// Certificates of signers are 0.7 to 1 KiB; RSA 4096 with many names stays below this.
inline constexpr std::size_t kCertificateBytes = 16 * kKiB;
// A time-stamp response is 0.5 KiB, with its certificates 2 to 6 KiB.
inline constexpr std::size_t kTimestampBytes = 64 * kKiB;
// A checkpoint is 0.3 KiB; witnesses add a line each.
inline constexpr std::size_t kCheckpointBytes = 64 * kKiB;
inline constexpr std::size_t kCheckpointLines = 128;
// A log entry's body is 1 to 4 KiB: a signature and a certificate in base64, twice in old kinds.
inline constexpr std::size_t kEntryBodyBytes = 256 * kKiB;
inline constexpr std::size_t kCertificateTimestamps = 16;  // SCTs in one certificate; authorities embed one to three
inline constexpr std::size_t kStatementSubjects = 1024;
inline constexpr std::size_t kSubjectDigests = 32;
// Signatures examined per subject: each costs one blob fetch and one verification.
inline constexpr std::size_t kSignatures = 128;
// What refers to one subject and may hold a signature; each costs two requests. Attestations are told apart before.
inline constexpr std::size_t kReferrers = 128;
inline constexpr int kReferrerPages = 10;
// Bytes of all signatures of one search together.
inline constexpr std::size_t kSearchBytes = 32 * kMiB;
// Repositories whose layout (where their signatures are) is remembered.
inline constexpr std::size_t kLayouts = 4096;
// Manifests in one image index: the largest multi-platform images have about 60 with attestations.
inline constexpr std::size_t kIndexManifests = 1024;
// Layers of one image: overlay file systems stop at 128 lower layers, builders at 127.
inline constexpr std::size_t kLayers = 512;
// Depth of any JSON document we read; manifests need 6.
inline constexpr std::size_t kJsonDepth = 64;
// Nodes of any JSON document we read: bounds memory, which is about 40 times the text in the worst case.
inline constexpr std::size_t kJsonNodes = 200'000;
// Policy and config files: 10,000 rules fit.
inline constexpr std::size_t kPolicyBytes = 1 * kMiB;
inline constexpr std::size_t kConfigBytes = 256 * kKiB;
inline constexpr std::size_t kPolicyRules = 10'000;
inline constexpr std::size_t kYamlDepth = 32;
// A PEM public key; RSA 4096 is 800 bytes.
inline constexpr std::size_t kKeyBytes = 16 * kKiB;
// The public-good trusted root is 7 KiB; private ones with many logs stay far below this.
inline constexpr std::size_t kTrustRootBytes = 1 * kMiB;
inline constexpr std::size_t kTrustRootEntries = 64;
inline constexpr std::size_t kPatternBytes = 1 * kKiB;      // a regular expression in the policy
inline constexpr std::int64_t kPatternMemory = 256 * 1024;  // what RE2 may use for one, compiled and at work
// Smaller RSA keys are too weak, larger ones cost more to verify than they bring.
inline constexpr int kRsaBitsLeast = 2048;
inline constexpr int kRsaBitsMost = 4096;
// A reference as containerd takes it: 255 for host and repository, 128 for the tag, 72 for a digest.
inline constexpr std::size_t kReferenceBytes = 512;
inline constexpr std::size_t kWatchedFolders = 64;  // folders of keys and roots beside the policy
// How often the policy's folder is looked at. A change is taken up once it has been quiet for that long, and at the
// latest after kPolicySettleMost; without any notice the files are read again each kPolicyPoll.
inline constexpr milliseconds kPolicyRound{500};
inline constexpr seconds kPolicySettleMost{5};
inline constexpr seconds kPolicyPoll{60};
// Environment file with KUBELET_NODE_LABELS.
inline constexpr std::size_t kLabelsFileBytes = 256 * kKiB;

// --- registry ---
inline constexpr std::size_t kTokenBytes = 64 * kKiB;           // token responses; JWTs with many groups reach 10 KiB
inline constexpr std::size_t kErrorBodyBytes = 64 * kKiB;       // error bodies are only read to be thrown away
inline constexpr std::size_t kResponseHeaderBytes = 64 * kKiB;  // all headers of one response
inline constexpr int kRedirects = 5;                            // registry -> storage is one hop, a CDN makes it two
inline constexpr int kAttempts = 3;                             // per request; more would only add to an overload
inline constexpr seconds kConnectTime{3};                       // a reachable registry answers SYN in milliseconds
inline constexpr seconds kRequestTime{15};                      // one request with its body
inline constexpr long kSlowBytesPerSecond = 1024;               // a slower body than this for kSlowTime is given up
inline constexpr seconds kSlowTime{10};
inline constexpr milliseconds kBackoffFirst{200};
// Answers of a registry that asks for less are waited for within the decision's time, this often at most; the time that
// must be left for the answer itself.
inline constexpr int kThrottledAttempts = 8;
inline constexpr milliseconds kAnswerTime{1500};
inline constexpr seconds kRetryAfterMost{120};  // a longer Retry-After is not believed beyond this
// Requests under way at one host: more only wait for each other there, and look like an attack to a firewall.
inline constexpr std::size_t kRequestsPerHost = 8;
// A manifest or blob that an index names and a replica lacks: replicas are seconds apart.
inline constexpr milliseconds kReplicaFirst{500};
inline constexpr int kReplicaAttempts = 3;
inline constexpr int kReplicaWaits = 4;  // in one search
// Handles kept with their connections for the next request; each has buffers and, by TLS, a set of roots.
inline constexpr std::size_t kIdleConnections = 4;
inline constexpr std::size_t kRootsBytes = 4 * kMiB;        // a system's certificate authorities: 220 KiB
inline constexpr std::size_t kHostsFileBytes = 256 * kKiB;  // a hosts.toml; usual ones have ten lines
inline constexpr std::size_t kMirrors = 16;                 // hosts in one hosts.toml; each may be asked for everything
inline constexpr std::size_t kCertificateFiles = 64;        // certificate files beside it
inline constexpr std::size_t kKnownHosts = 256;             // registry hosts whose configuration is kept
// Credential provider plugins: kubelet gives them a minute; we have a decision to make.
inline constexpr seconds kProviderTime{15};
inline constexpr std::size_t kProviderOutput = 1 * kMiB;  // credentials for a few registries, JSON
inline constexpr std::size_t kProviders = 16;
inline constexpr std::size_t kProviderImages = 256;   // matchImages of one provider; AKS has ten
inline constexpr std::size_t kProviderAnswers = 256;  // cached answers of all providers
inline constexpr std::size_t kDockerConfigBytes = 1 * kMiB;
// A refusal of a provider or of the cloud's identity service is not asked for again for this long.
inline constexpr seconds kCredentialRest{10};
inline constexpr seconds kIdentityMargin{300};  // tokens of the cloud are fetched anew this long before they end
// A registry that failed twice in a row is left alone for this long, doubled each time, a fifth more or less by chance.
inline constexpr milliseconds kRestFirst{1000};
inline constexpr milliseconds kRestMost{30'000};
inline constexpr std::size_t kRestingHosts = 256;
inline constexpr std::size_t kCachedTokens = 256;
inline constexpr std::size_t kNoProxyEntries = 1024;  // of NO_PROXY; clouds' lists have about 30
inline constexpr seconds kTokenDefaultLife{60};  // distribution token specification: 60 s where expires_in is absent
inline constexpr seconds kTokenLongestLife{3600};

// --- runtime ---
inline constexpr std::size_t kGrpcMessageBytes = 16 * kMiB;  // kubelet's and containerd's own limit
inline constexpr seconds kRuntimeCallTime{10};               // one small call to containerd
// Waiting for a connection to the runtime, which is tried again at least every half second.
inline constexpr milliseconds kRuntimeConnectTime{1500};
inline constexpr seconds kSandboxPullTime{120};              // pulling the pause image (under 1 MiB)
inline constexpr std::size_t kStoreNames = 256;              // store records of one image ID that we examine
inline constexpr std::size_t kContentCacheBytes = 8 * kMiB;  // manifests and configs kept by digest
inline constexpr seconds kTagVisibleTime{5};                 // containerd's event loop shows a new record within ms

// --- gate ---
inline constexpr std::size_t kVerdicts = 10'000;  // cached verdicts; a node has at most a few hundred images
inline constexpr std::size_t kRefusalBytes = 1024;
inline constexpr std::size_t kWorkersMost = 256;
inline constexpr std::size_t kQueueMost = 100'000;

inline constexpr std::size_t kClaims = 4096;  // names claimed at create; a node runs a few hundred containers

// --- relay ---
inline constexpr std::size_t kConnections = 128;             // kubelet opens two; crictl and probes a few more
inline constexpr std::size_t kStreamsPerConnection = 1000;   // grpc-go queues what is over it
inline constexpr std::size_t kHeaderListBytes = 256 * kKiB;  // request or response headers of one call
inline constexpr std::int32_t kStreamWindow = 256 * 1024;    // bytes one side may be ahead of the other, per stream
inline constexpr std::size_t kHeldBytes = 64 * kMiB;         // request and response bytes of all held calls together
inline constexpr std::size_t kOutputBytes = 1 * kMiB;        // unsent frames of one connection before we stop reading
// Between the two GOAWAY frames of a graceful end: long against a round trip on this machine, short against a restart.
inline constexpr std::chrono::milliseconds kGoAwayNotice{200};
inline constexpr seconds kGoAwayLinger{1};  // for clients to close a connection on which nothing is under way
inline constexpr seconds kDrainTime{20};                     // waiting for unary calls when asked to stop
inline constexpr std::size_t kRequestFrameOverhead = 5;      // gRPC length prefix
// A cancel storm is legal from root's own kubelet; the default budget would answer it with GOAWAY.
inline constexpr std::uint64_t kResetBurst = 1'000'000;
inline constexpr std::uint64_t kResetRate = 100'000;
inline constexpr std::size_t kContinuations = 64;  // 16 KiB each, together kHeaderListBytes and reserve

// --- evidence on disk ---
inline constexpr std::size_t kStoreBytes = 64 * kMiB;  // a signed image needs about 1.5 KiB with a key, 16 KiB keyless
inline constexpr std::size_t kStoreQueue = 256;        // reads and writes waiting for the disk
inline constexpr milliseconds kStoreReadTime{100};     // a slower disk is slower than asking the registry
inline constexpr milliseconds kStoreAdminTime{3000};   // for operators' questions about all of it
inline constexpr std::size_t kEvidenceBytes = 8 * kMiB;  // evidence kept in memory
// Evidence older than this is of no use to anybody, also under onUnavailable: allow-known.
inline constexpr std::chrono::hours kEvidenceLife{24 * 30};
// A clock that was set back makes evidence seem to come from the future; more than this is not believed.
inline constexpr std::chrono::minutes kClockSkew{5};
inline constexpr int kRefreshesPerRound = 20;  // searches in the background per round, one after the other
inline constexpr seconds kRefreshRound{60};

// --- reports ---
inline constexpr std::size_t kMetricNamespaces = 200;
inline constexpr std::size_t kMetricSeries = 20'000;
// A field of an audit record: longer text is cut. Escaped it can be six times as long, and some twenty fields still fit
// into what is read of the log's end to take up its chain.
inline constexpr std::size_t kAuditFieldBytes = 1 * kKiB;
inline constexpr std::size_t kAuditTailBytes = 256 * kKiB;
// Room on disk that only the audit log can use: some 1,500 records, an hour of a busy node, to notice a full disk in.
inline constexpr std::size_t kAuditReserve = 1 * kMiB;
inline constexpr std::size_t kAuditBytesLeast = 1 * kMiB;  // a smaller file would be rotated all the time
inline constexpr int kAuditFilesMost = 1000;
inline constexpr seconds kAuditSyncRound{1};
inline constexpr std::size_t kScrapeRequestBytes = 8 * kKiB;
inline constexpr seconds kScrapeTime{5};

// --- admin socket ---
inline constexpr std::size_t kAdminLineBytes = 64 * kKiB;
inline constexpr int kAdminConnections = 8;
inline constexpr seconds kAdminWriteTime{5};
inline constexpr seconds kAdminIdleTime{60};
inline constexpr std::size_t kAdminList = 10'000;  // subjects told by `cache list`
inline constexpr std::size_t kWarmImages = 1'000;  // images in one request to warm
// Installing on a node.
inline constexpr std::size_t kNodeFileBytes = 16 * kMiB;     // a file that is replaced; the largest is the static plugin
inline constexpr std::size_t kTransactionBytes = 64 * kMiB;  // what one change replaces, written down
inline constexpr std::size_t kNodeCommandBytes = 4 * kMiB;   // `containerd config dump`, `systemctl cat`
inline constexpr std::size_t kSettingsFileBytes = 1 * kMiB;  // a ConfigMap is no larger
inline constexpr std::size_t kSettingsFiles = 64;            // keys and roots beside a policy
inline constexpr std::size_t kImageFiles = 20'000;           // of an unpacked version
inline constexpr std::size_t kImageFileBytes = 256 * kMiB;
inline constexpr seconds kNodeCommandTime{90};               // what systemd gives a unit to start or stop, mostly
inline constexpr seconds kKubeletSteady{8};                  // without fault, after it was restarted: some sync rounds
inline constexpr std::size_t kHealthBytes = 4 * kKiB;        // kubelet's answer to GET /healthz
inline constexpr seconds kHealthTime{3};
// Proving that a node enforces.
inline constexpr seconds kDoctorCall{10};                    // one question to a socket
inline constexpr std::size_t kProcesses = 100'000;           // looked through in /proc
inline constexpr std::size_t kReportBytes = 4 * kMiB;        // a doctor's report, read back
inline constexpr seconds kReportAge{180};                    // older proves nothing: three rounds of the timer
inline constexpr double kClockSkewSeconds = 300;             // certificates and tokens stop working about there
inline constexpr std::size_t kLowDiskBytes = 256 * kMiB;     // four audit logs' worth
// The DaemonSet's pod.
inline constexpr seconds kAgentRound{5};
inline constexpr seconds kHeadRound{60};                     // the audit head is shipped each minute
inline constexpr seconds kApplyTime{600};                    // one installation, with its watch
inline constexpr std::size_t kAuditBatchBytes = 1 * kMiB;    // copied to standard output at a time
inline constexpr std::size_t kProbeBytes = kMiB;  // the answer to a question the command line puts to a CRI socket
// containerd kills a verifier after 10 s by default; ours answers before that, and waits no longer itself.
inline constexpr seconds kPluginDecisionTime{8};
inline constexpr seconds kPluginWait{9};
inline constexpr std::size_t kMetricsChunkBytes = 32 * kKiB;  // of the metrics told in one line, half of which escapes
inline constexpr std::size_t kCanaries = 16;  // canaries whose outcome is remembered: one asker a minute
// Opening the gate: long enough for a night's incident, too short to be forgotten for days.
inline constexpr seconds kBreakGlassMost{24 * 3600};
inline constexpr std::size_t kBreakGlassReason = 500;  // one audit record holds it
inline constexpr std::size_t kBreakGlassBytes = 8 * kKiB;
// Containers remembered as created by calls that came through us; more than run on a node, with room for restarts.
inline constexpr std::size_t kCreatedContainers = 8'192;
inline constexpr seconds kCreatedLately{600};               // a container that was created and has not been started yet
inline constexpr std::size_t kCreatedFileBytes = 2 * kMiB;  // twice that many lines of 65 bytes
inline constexpr seconds kSelfTestRound{10};                // where systemd does not say
inline constexpr std::size_t kRunningContainers = 2'000;    // on one node: eight times what Kubernetes recommends
inline constexpr seconds kWarmTime{30};                     // judging one of them

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_BASE_LIMITS_H_
