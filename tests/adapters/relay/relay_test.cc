// SPDX-License-Identifier: Apache-2.0
// The relay between a raw HTTP/2 client and a raw HTTP/2 runtime, with judgements that do as they are told.
#include "adapters/relay/relay.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <list>

#include "adapters/relay/limits.h"
#include "core/base/mutex.h"
#include "core/base/units.h"
#include "core/base/unix_listen.h"
#include "fakes/h2.h"

namespace pullseal::relay {
namespace {

using fakes::FakeH2Runtime;
using fakes::GrpcFrame;
using fakes::H2Answer;
using fakes::H2Client;
using fakes::H2Request;
using fakes::H2Script;

const std::string kVersion = "/runtime.v1.RuntimeService/Version";
const std::string kPull = "/runtime.v1.ImageService/PullImage";
const std::string kStart = "/runtime.v1.RuntimeService/StartContainer";
const std::string kEvents = "/runtime.v1.RuntimeService/GetContainerEvents";

// What the judgement of held calls does; set by each test before it calls.
struct Orders {
  std::atomic<Handling> handling{Handling::kHold};
  std::atomic<bool> refuse{false};
  std::atomic<bool> refuse_after{false};
  std::atomic<bool> throws{false};
  std::atomic<int> delay_ms{0};
  std::atomic<bool> held{false};  // decisions wait until it is false again
  std::atomic<int> before{0};
  std::atomic<int> after{0};
  std::atomic<int> observed{0};
  std::atomic<int> malformed{0};
};

class OrderedCall final : public JudgedCall {
 public:
  explicit OrderedCall(Orders& orders) : orders_(orders) {}
  Ruling Before(const std::string& request, SteadyTime) override {
    ++orders_.before;
    std::this_thread::sleep_for(std::chrono::milliseconds(orders_.delay_ms));
    while (orders_.held) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (orders_.throws) throw std::runtime_error("library");
    if (orders_.refuse) return GrpcStatus{GrpcCode::kUnknown, "refused: 100% \n"};
    return Forward{"judged " + request};
  }
  std::optional<GrpcStatus> After(const std::string&, SteadyTime) override {
    ++orders_.after;
    if (orders_.refuse_after) return GrpcStatus{GrpcCode::kUnknown, "refused after"};
    return std::nullopt;
  }
  void Observe(const std::string&, const std::optional<std::string>&, SteadyTime) override { ++orders_.observed; }
  GrpcStatus Failed(const std::string& why) override { return {GrpcCode::kUnknown, "failed: " + why}; }

 private:
  Orders& orders_;
};

class OrderedCalls final : public JudgedCalls {
 public:
  explicit OrderedCalls(Orders& orders) : orders_(orders) {}
  const Method* Find(std::string_view path) const override {
    static constexpr Method kMethods[] = {
        {.path = "/runtime.v1.RuntimeService/Version"},
        {.path = "/runtime.v1.ImageService/PullImage", .judged = true, .own_connection = true, .turn = Turn::kPull},
        {.path = "/runtime.v1.RuntimeService/StartContainer", .judged = true, .own_connection = true},
        {.path = "/runtime.v1.RuntimeService/ExecSync", .own_connection = true},
        {.path = "/runtime.v1.RuntimeService/GetContainerEvents", .streaming = true}};
    const auto found =
        std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& one) { return one.path == path; });
    return found != std::end(kMethods) ? found : nullptr;
  }
  Handling HandlingOf(const Method&) const override { return orders_.handling; }
  std::shared_ptr<JudgedCall> New(const Method&) override { return std::make_shared<OrderedCall>(orders_); }
  GrpcStatus Overloaded(const Method&, std::string_view) override { return {GrpcCode::kUnknown, "overloaded"}; }
  GrpcStatus Malformed(const Method&, const std::string& why, std::string_view) override {
    ++orders_.malformed;
    return {GrpcCode::kInvalidArgument, why};
  }

 private:
  Orders& orders_;
};

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() : calls_(orders_) {
    std::string name = ::testing::TempDir() + "/relay-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    StartRuntime();
    StartRelay(4, 64);
  }
  ~RelayTest() override {
    StopRelay();
    runtime_.reset();
    std::filesystem::remove_all(folder_);
  }
  void StartRuntime() {
    runtime_ = std::make_unique<FakeH2Runtime>(folder_ + "/runtime.sock", [this](const H2Request& request) {
      return script_ ? script_(request) : H2Script{.body = GrpcFrame("answer to " + request.path)};
    });
  }
  void StartRelay(std::size_t workers, std::size_t queue) {
    auto listener = Listen(folder_ + "/cri/cri.sock");
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    relay_ = std::make_unique<Relay>(std::move(*listener),
                                     RelayOptions{folder_ + "/runtime.sock", workers, queue, std::chrono::seconds(5)},
                                     calls_, [this](std::string_view method, std::string_view code) {
                                       const MutexLock lock(mutex_);
                                       observed_.push_back(std::string(method) + "=" + std::string(code));
                                     });
    thread_ = std::thread([this] { relay_->Run(); });
  }
  void StopRelay() {
    if (!thread_.joinable()) return;
    relay_->Stop();
    thread_.join();
    relay_.reset();
  }
  H2Client Client() { return H2Client(folder_ + "/cri/cri.sock"); }
  template <typename Condition>
  static bool Eventually(Condition done) {
    for (int i = 0; i < 6000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return done();
  }

  Orders orders_;
  OrderedCalls calls_;
  std::string folder_;
  std::function<H2Script(const H2Request&)> script_;  // set before the first call
  std::unique_ptr<FakeH2Runtime> runtime_;
  std::unique_ptr<Relay> relay_;
  std::thread thread_;
  Mutex mutex_;
  std::vector<std::string> observed_;
};

TEST_F(RelayTest, PassesHeadersMessagesAndTrailers) {
  script_ = [](const H2Request& request) {
    return H2Script{
        .headers = {{":status", "200"}, {"content-type", "application/grpc"}, {"x-meta", "1"}},
        .body = request.body + GrpcFrame("second"),
        .trailers = {{"grpc-status", "5"}, {"grpc-message", "no%20such"}, {"grpc-status-details-bin", "AAE"}}};
  };
  H2Client client = Client();
  const H2Answer answer =
      client.Call(kVersion, GrpcFrame("hello"), {{"traceparent", "00-x"}, {"containerd-namespace", "evil"}});
  EXPECT_EQ(GrpcFrame("hello") + GrpcFrame("second"), answer.body);
  EXPECT_EQ("5", answer.grpc_status());
  EXPECT_EQ("no%20such", answer.grpc_message());
  EXPECT_EQ("AAE", answer.Header("grpc-status-details-bin"));
  EXPECT_EQ("1", answer.Header("x-meta"));
  const auto requests = runtime_->Requests();
  ASSERT_EQ(1U, requests.size());
  EXPECT_EQ("00-x", requests[0].headers.find("traceparent")->second);
  EXPECT_FALSE(requests[0].headers.contains("containerd-namespace"));
}

TEST_F(RelayTest, TrailersOnlyAnswersPass) {
  script_ = [](const H2Request&) {
    return H2Script{.headers = {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}},
                    .trailers_only = true};
  };
  H2Client client = Client();
  EXPECT_EQ("12", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST_F(RelayTest, UnknownMethodsNeverReachTheRuntime) {
  H2Client client = Client();
  for (const std::string path : {"/containerd.services.images.v1.Images/List",
                                 "/runtime.v1alpha2.ImageService/PullImage", "/", "/runtime.v1.RuntimeService/Version/",
                                 "/runtime.v1.RuntimeService/Version?x", "/runtime.v1.runtimeservice/Version"}) {
    EXPECT_EQ("12", client.Call(path, GrpcFrame("x")).grpc_status()) << path;
  }
  EXPECT_EQ("12", client.Call(kVersion, "", {{":method", "GET"}}).grpc_status());
  EXPECT_EQ("12", client.Call(kVersion, "", {{"content-type", "text/plain"}}).grpc_status());
  EXPECT_TRUE(runtime_->Requests().empty());
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST_F(RelayTest, HeldCallsAreRewrittenAndReleased) {
  H2Client client = Client();
  const H2Answer answer = client.Call(kPull, GrpcFrame("request"), {{"content-length", "12"}});
  EXPECT_EQ("0", answer.grpc_status());
  EXPECT_EQ(GrpcFrame("answer to " + kPull), answer.body);
  EXPECT_EQ(GrpcFrame("judged request"), runtime_->Requests().at(0).body);
  EXPECT_FALSE(runtime_->Requests().at(0).headers.contains("content-length"));
  EXPECT_EQ(1, orders_.after);
}

TEST_F(RelayTest, RefusedCallsNeverReachTheRuntime) {
  orders_.refuse = true;
  H2Client client = Client();
  const H2Answer answer = client.Call(kPull, GrpcFrame("request"));
  EXPECT_EQ("2", answer.grpc_status());
  EXPECT_EQ("refused: 100%25 %0A", answer.grpc_message());
  EXPECT_TRUE(runtime_->Requests().empty());
}

TEST_F(RelayTest, ResponsesCanBeRefused) {
  orders_.refuse_after = true;
  H2Client client = Client();
  const H2Answer answer = client.Call(kPull, GrpcFrame("request"));
  EXPECT_EQ("2", answer.grpc_status());
  EXPECT_EQ("", answer.body);
}

TEST_F(RelayTest, AnUnreadableSuccessIsNotReleased) {
  script_ = [](const H2Request&) { return H2Script{.body = GrpcFrame("x", true)}; };
  H2Client client = Client();
  const H2Answer answer = client.Call(kPull, GrpcFrame("request"));
  EXPECT_EQ("2", answer.grpc_status());
  EXPECT_EQ("failed: the runtime's answer cannot be read", answer.grpc_message()) << "the judgement records it";
  EXPECT_EQ(0, orders_.after);
}

TEST_F(RelayTest, FailedResponsesPassUnjudged) {
  script_ = [](const H2Request&) {
    return H2Script{.trailers = {{"grpc-status", "2"}, {"grpc-message", "pull failed"}}};
  };
  H2Client client = Client();
  EXPECT_EQ("pull failed", client.Call(kPull, GrpcFrame("request")).grpc_message());
  EXPECT_EQ(0, orders_.after);
}

TEST_F(RelayTest, HeldCallsMustBeOneUncompressedMessage) {
  H2Client client = Client();
  const std::string two = GrpcFrame("a") + GrpcFrame("b");
  for (const std::string& body : {std::string(), std::string("\0\0", 2), GrpcFrame("a").substr(0, 5), two,
                                  GrpcFrame("a", true), std::string("\0\xff\xff\xff\xff", 5) + "x"}) {
    EXPECT_EQ("3", client.Call(kPull, body).grpc_status()) << body.size();
  }
  EXPECT_TRUE(runtime_->Requests().empty());
  EXPECT_EQ(0, orders_.before);
}

TEST_F(RelayTest, MessagesUpToSixteenMebibytesPass) {
  H2Client client = Client();
  const std::string large((16 << 20) - 100, 'x');
  const H2Answer passed = client.Call(kVersion, GrpcFrame(large));
  EXPECT_EQ("0", passed.grpc_status());
  EXPECT_EQ(large.size() + 5, runtime_->Requests().at(0).body.size());
  EXPECT_EQ("0", client.Call(kPull, GrpcFrame(large)).grpc_status());
  EXPECT_EQ("8", client.Call(kPull, GrpcFrame(std::string((16 << 20) + 1, 'x'))).grpc_status());
}

TEST_F(RelayTest, LargeAnswersPass) {
  const std::string large(15 << 20, 'y');
  script_ = [&](const H2Request&) { return H2Script{.body = GrpcFrame(large)}; };
  H2Client client = Client();
  EXPECT_EQ(large.size() + 5, client.Call(kVersion, GrpcFrame("")).body.size());
}

TEST_F(RelayTest, AnErrorTextThatIsTooLongEndsOnlyItsCall) {
  script_ = [](const H2Request& request) {
    if (request.path == kEvents) return H2Script{.never = true};
    if (request.path != kStart) return H2Script{.body = GrpcFrame("fine")};
    return H2Script{.trailers = {{"grpc-status", "2"}, {"grpc-message", std::string(100'000, 'x')}}};
  };
  H2Client client = Client();
  const int events = client.Submit(kEvents, GrpcFrame(""));  // a stream that is under way meanwhile
  client.Pump([&] { return !runtime_->Requests().empty(); });
  const H2Answer start = client.Call(kStart, GrpcFrame("x"));
  EXPECT_EQ("2", start.grpc_status());
  EXPECT_NE(std::string::npos, start.grpc_message().find("longer than 64 KiB"));
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_FALSE(client.answer(events).closed);
}

TEST_F(RelayTest, LongErrorTextsPass) {
  script_ = [](const H2Request&) {
    return H2Script{.trailers = {{"grpc-status", "2"}, {"grpc-message", std::string(60'000, 'x')}}};
  };
  H2Client client = Client();
  EXPECT_EQ(60'000U, client.Call(kStart, GrpcFrame("x")).grpc_message().size());
  EXPECT_EQ(60'000U, client.Call(kVersion, GrpcFrame("x")).grpc_message().size());
}

// The runtime's headers and trailers of one call are bounded; beyond it only that call ends.
TEST_F(RelayTest, ResponseHeadersAreBounded) {
  script_ = [](const H2Request& request) {
    H2Script out{.body = GrpcFrame("x")};
    const auto bytes = request.headers.contains("ask-for-more") ? limits::kHeaderListBytes : 0;
    auto& where = request.headers.contains("in-trailers") ? out.trailers : out.headers;
    for (std::size_t i = 0; i * 8000 < bytes; ++i) where.emplace_back("x-" + std::to_string(i), std::string(8000, 'x'));
    return out;
  };
  H2Client client = Client();
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("x")).grpc_status());
  for (const std::string& path : {kVersion, kPull}) {
    EXPECT_NE("0", client.Call(path, GrpcFrame("x"), {{"ask-for-more", "1"}}).grpc_status()) << path;
    const H2Answer answer = client.Call(path, GrpcFrame("x"), {{"ask-for-more", "1"}, {"in-trailers", "1"}});
    EXPECT_NE("0", answer.grpc_status()) << path;
    EXPECT_EQ("0", client.Call(path, GrpcFrame("x")).grpc_status());
  }
}

// The kubelet's headers of one call likewise: beyond it the call ends unmade, and no other loses its connection.
TEST_F(RelayTest, RequestHeadersAreBounded) {
  script_ = [](const H2Request& request) { return H2Script{.body = GrpcFrame("x"), .never = request.path == kEvents}; };
  H2Client client = Client();
  const int events = client.Submit(kEvents, GrpcFrame(""));
  client.Pump([&] { return !runtime_->Requests().empty(); });
  fakes::H2Headers headers;
  for (std::size_t i = 0; i * 8000 < limits::kHeaderListBytes; ++i) {
    headers.emplace_back("x-" + std::to_string(i), std::string(8000, 'x'));
  }
  for (const std::string& path : {kVersion, kPull}) {
    EXPECT_EQ(static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR), client.Call(path, GrpcFrame("x"), headers).error_code)
        << path;
    EXPECT_EQ(1U, runtime_->Requests().size()) << path;
  }
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("x")).grpc_status());
  EXPECT_FALSE(client.answer(events).closed);
}

// Of large calls one is held at a time, and it takes no room from usual ones.
TEST_F(RelayTest, LargeCallsAreHeldOneAtATime) {
  orders_.held = true;
  H2Client client = Client();
  const std::string large = GrpcFrame(std::string((16 << 20) - 100, 'x'));
  const int first = client.Submit(kStart, large);
  client.Pump([&] { return orders_.before == 1; });
  EXPECT_EQ("overloaded", client.Call(kStart, large).grpc_message());
  const int usual = client.Submit(kStart, GrpcFrame(std::string(limits::kUsualCallBytes / 2, 'x')));
  client.Pump([&] { return orders_.before == 2; });
  EXPECT_EQ(2, orders_.before);
  orders_.held = false;
  for (const int stream : {first, usual}) {
    client.Pump([&] { return client.answer(stream).closed; });
    EXPECT_EQ("0", client.answer(stream).grpc_status());
  }
  EXPECT_EQ("0", client.Call(kStart, large).grpc_status()) << "there is room again";
}

// What is held of all usual calls together is bounded as well, and there is room again once they are answered.
TEST_F(RelayTest, HeldBytesAreBoundedOverAllCalls) {
  constexpr int kMost = limits::kHeldBytes / limits::kUsualCallBytes;
  StopRelay();
  StartRelay(kMost, 64);
  orders_.held = true;
  H2Client client = Client();
  const std::string usual = GrpcFrame(std::string(limits::kUsualCallBytes - 100, 'x'));
  std::vector<int> streams;
  for (int i = 0; i < kMost; ++i) {
    streams.push_back(client.Submit(kStart, usual));
    client.Pump([&] { return orders_.before > i; });
  }
  EXPECT_EQ("overloaded", client.Call(kStart, usual).grpc_message());
  orders_.held = false;
  for (const int stream : streams) {
    client.Pump([&] { return client.answer(stream).closed; });
    EXPECT_EQ("0", client.answer(stream).grpc_status());
  }
  EXPECT_EQ("0", client.Call(kStart, usual).grpc_status());
}

TEST_F(RelayTest, ResetsPassWithTheirCode) {
  script_ = [](const H2Request&) { return H2Script{.reset = NGHTTP2_REFUSED_STREAM}; };
  H2Client client = Client();
  EXPECT_EQ(static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM), client.Call(kVersion, GrpcFrame("")).error_code);
  EXPECT_TRUE(client.connected());
}

TEST_F(RelayTest, CancelsReachTheRuntime) {
  script_ = [](const H2Request&) { return H2Script{.never = true}; };
  H2Client client = Client();
  for (const std::string& path : {kVersion, kPull, kEvents}) {
    const std::size_t before = runtime_->Requests().size();
    const int resets = runtime_->resets();
    const int stream = client.Submit(path, GrpcFrame("x"));
    client.Pump([&] { return runtime_->Requests().size() > before; });
    client.Reset(stream);
    client.Pump([&] { return runtime_->resets() > resets; });
    EXPECT_EQ(resets + 1, runtime_->resets()) << path;
  }
}

TEST_F(RelayTest, CancelStormsDoNotEndTheConnection) {
  script_ = [](const H2Request& request) {
    return H2Script{.body = GrpcFrame("x"), .never = request.path != kVersion};
  };
  H2Client client = Client();
  for (int i = 0; i < 40; ++i) {  // 2,000 in all: libnghttp2 would let 1,000 pass at once
    std::vector<int> streams;
    for (int j = 0; j < 50; ++j) streams.push_back(client.Submit(j % 2 == 0 ? kEvents : kPull, GrpcFrame("x")));
    client.Pump([] { return false; }, std::chrono::milliseconds(2));  // the requests go out
    for (const int stream : streams) client.Reset(stream);
    client.Pump([] { return false; }, std::chrono::milliseconds(2));
  }
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_TRUE(client.connected());
}

TEST_F(RelayTest, ASlowReaderHoldsUpTheRuntimeAndNobodyElse) {
  script_ = [](const H2Request& request) {
    return H2Script{.body = request.path == kEvents ? std::string(64 << 20, 'e') : GrpcFrame("x")};
  };
  H2Client slow = Client();
  slow.Submit(kEvents, GrpcFrame(""));
  slow.Pump([&] { return runtime_->body_bytes_sent() > 0; });
  slow.StopReading();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(runtime_->body_bytes_sent(), 4 * limits::kMiB);
  H2Client other = Client();
  EXPECT_EQ("0", other.Call(kVersion, GrpcFrame("")).grpc_status());
}

// A reader whose windows are wide open does not make us keep what it does not take.
TEST_F(RelayTest, WhatWaitsForASlowReaderIsBounded) {
  script_ = [](const H2Request&) { return H2Script{.body = std::string(32 << 20, 'e')}; };
  H2Client slow = Client();
  slow.OpenWindows();
  slow.Submit(kEvents, GrpcFrame(""));
  slow.Pump([&] { return runtime_->body_bytes_sent() > 0; });
  slow.StopReading();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(runtime_->body_bytes_sent(), 8 * limits::kMiB);
}

TEST_F(RelayTest, ConnectionsAreBounded) {
  std::list<H2Client> clients;
  for (std::size_t i = 0; i < limits::kConnections; ++i) {
    clients.emplace_back(folder_ + "/cri/cri.sock");
    ASSERT_EQ("0", clients.back().Call(kVersion, GrpcFrame("")).grpc_status()) << i;
  }
  H2Client more = Client();
  EXPECT_NE("0", more.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_FALSE(more.connected());
  clients.pop_back();
  bool taken = false;
  EXPECT_TRUE(Eventually([&] { return taken = taken || Client().Call(kVersion, GrpcFrame("")).grpc_status() == "0"; }));
}

TEST_F(RelayTest, ARuntimeThatIsAwayIsUnavailableUntilItIsBack) {
  H2Client client = Client();
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
  runtime_.reset();
  EXPECT_EQ("14", client.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_EQ("14", client.Call(kPull, GrpcFrame("")).grpc_status());
  StartRuntime();
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST_F(RelayTest, ACallWhoseConnectionBreaksEnds) {
  script_ = [](const H2Request& request) { return H2Script{.close = request.headers.contains("break")}; };
  H2Client client = Client();
  EXPECT_EQ("14", client.Call(kVersion, GrpcFrame(""), {{"break", "1"}}).grpc_status());
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST_F(RelayTest, GoAwayOfTheRuntimeMovesCallsToANewConnection) {
  script_ = [](const H2Request&) { return H2Script{.body = GrpcFrame("x"), .go_away = true}; };
  H2Client client = Client();
  for (int i = 0; i < 5; ++i) EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_GE(runtime_->connections(), 2);
}

TEST_F(RelayTest, DeadlinesAreForwardedLessTheTimeHeld) {
  orders_.delay_ms = 100;
  H2Client client = Client();
  EXPECT_EQ("0", client.Call(kPull, GrpcFrame("x"), {{"grpc-timeout", "60S"}}).grpc_status());
  const std::string timeout = runtime_->Requests().at(0).headers.find("grpc-timeout")->second;
  const auto left = ParseTimeout(timeout);
  ASSERT_TRUE(left) << timeout;
  EXPECT_LE(*left, std::chrono::milliseconds(59'900));
  EXPECT_EQ("4", client.Call(kPull, GrpcFrame("x"), {{"grpc-timeout", "50m"}}).grpc_status());
  EXPECT_EQ(1U, runtime_->Requests().size());
}

TEST_F(RelayTest, TooManyDecisionsAreOverloadAndOthersPass) {
  StopRelay();
  StartRelay(1, 1);
  orders_.held = true;
  H2Client client = Client();
  std::vector<int> streams{client.Submit(kPull, GrpcFrame("x"))};
  EXPECT_TRUE(client.Pump([&] { return orders_.before == 1; })) << "one is being decided";
  for (int i = 0; i < 5; ++i) streams.push_back(client.Submit(kPull, GrpcFrame("x")));
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
  EXPECT_TRUE(client.Pump([&] {
    return std::count_if(streams.begin(), streams.end(), [&](int one) { return client.answer(one).closed; }) == 4;
  })) << "and one waits";
  orders_.held = false;
  client.Pump(
      [&] { return std::all_of(streams.begin(), streams.end(), [&](int one) { return client.answer(one).closed; }); });
  int overloaded = 0;
  for (const int one : streams) overloaded += client.answer(one).grpc_message() == "overloaded" ? 1 : 0;
  EXPECT_EQ(4, overloaded);
}

TEST_F(RelayTest, ADecisionThatThrowsIsARefusal) {
  orders_.throws = true;
  H2Client client = Client();
  const H2Answer answer = client.Call(kPull, GrpcFrame("x"));
  EXPECT_EQ("2", answer.grpc_status());
  EXPECT_EQ("failed: a decision ended with an exception", answer.grpc_message()) << "the judgement records it";
  EXPECT_TRUE(runtime_->Requests().empty());
}

TEST_F(RelayTest, LateRulingsOfCancelledCallsAreDropped) {
  orders_.delay_ms = 200;
  H2Client client = Client();
  const int stream = client.Submit(kPull, GrpcFrame("x"));
  client.Pump([&] { return orders_.before > 0; });
  client.Reset(stream);
  client.Pump([] { return false; }, std::chrono::milliseconds(400));
  EXPECT_TRUE(runtime_->Requests().empty());
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST_F(RelayTest, ObservedCallsGoOnAsTheyCame) {
  orders_.handling = Handling::kObserve;
  orders_.refuse = true;
  H2Client client = Client();
  EXPECT_EQ("0", client.Call(kPull, GrpcFrame("request")).grpc_status());
  EXPECT_EQ(GrpcFrame("request"), runtime_->Requests().at(0).body);
  EXPECT_TRUE(Eventually([&] { return orders_.observed == 1; }));
  EXPECT_EQ(0, orders_.before);
}

// What never came to the runtime did not run, and is not judged for the record.
TEST_F(RelayTest, CallsThatNeverRanAreNotObserved) {
  orders_.handling = Handling::kObserve;
  H2Client client = Client();
  runtime_.reset();
  EXPECT_EQ("14", client.Call(kPull, GrpcFrame("request")).grpc_status());
  StartRuntime();
  EXPECT_EQ("0", client.Call(kPull, GrpcFrame("request")).grpc_status());
  EXPECT_TRUE(Eventually([&] { return orders_.observed > 0; }));
  client.Pump([] { return false; }, std::chrono::milliseconds(100));
  EXPECT_EQ(1, orders_.observed);
  EXPECT_EQ(0, orders_.malformed) << "nor is it told as a request that cannot be read";
}

TEST_F(RelayTest, DrainLetsCallsEnd) {
  orders_.delay_ms = 300;
  H2Client client = Client();
  const int stream = client.Submit(kPull, GrpcFrame("x"));
  client.Pump([&] { return orders_.before > 0; });
  relay_->Stop();
  client.Pump([&] { return client.answer(stream).closed; });
  EXPECT_EQ("0", client.answer(stream).grpc_status());
  StopRelay();
}

// The folder keeps others out; should it be opened by mistake, the peer's credentials still do.
TEST_F(RelayTest, OtherUsersAreNotServed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  const std::string path = folder_ + "/cri/cri.sock";
  for (const std::string& open : {folder_, folder_ + "/cri", path}) ASSERT_EQ(0, ::chmod(open.c_str(), 0777));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::setuid(65534) != 0) ::_exit(3);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(4);
    ::_exit(::recv(fd, &byte, 1, 0) == 0 ? 0 : 1);  // closed without a byte
  }
  int status = 0;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(RelayTest, ConnectionsOfEndedCallsAreClosed) {
  H2Client client = Client();
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  client.Call(kPull, GrpcFrame("x"));
  const auto before = descriptors();
  for (int i = 0; i < 200; ++i) client.Call(kPull, GrpcFrame("x"));
  EXPECT_TRUE(Eventually([&] { return descriptors() <= before + 4; })) << descriptors() - before << " more than before";
}

TEST_F(RelayTest, CallsAreCounted) {
  H2Client client = Client();
  client.Call(kVersion, GrpcFrame(""));
  EXPECT_TRUE(Eventually([&] {
    const MutexLock lock(mutex_);
    return observed_ == std::vector<std::string>{"Version=0"};
  }));
}

TEST_F(RelayTest, GarbageEndsOnlyItsConnection) {
  for (const std::string& garbage : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100, '\0'),
                                     std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(200, '\xff')}) {
    const OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (folder_ + "/cri/cri.sock").c_str());
    ASSERT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    ASSERT_GT(::send(fd.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
  }
  H2Client client = Client();
  EXPECT_EQ("0", client.Call(kVersion, GrpcFrame("")).grpc_status());
}

TEST(ListenTest, SocketAndFolderAreOursAlone) {
  std::string name = ::testing::TempDir() + "/listen-XXXXXX";
  const std::string folder = ::mkdtemp(name.data());
  const std::string path = folder + "/cri/cri.sock";
  {
    auto first = Listen(path);
    ASSERT_TRUE(first.ok()) << first.error().message;
    struct stat info {};
    ASSERT_EQ(0, ::stat(path.c_str(), &info));
    EXPECT_EQ(0660U, info.st_mode & 0777);
    ASSERT_EQ(0, ::stat((folder + "/cri").c_str(), &info));
    EXPECT_EQ(0700U, info.st_mode & 0777);
    const auto second = Listen(path);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(std::string::npos, second.error().message.find("another process serves it"));
  }
  EXPECT_TRUE(Listen(path).ok()) << "a stale socket is replaced";
  ::chmod((folder + "/cri").c_str(), 0755);
  EXPECT_FALSE(Listen(path).ok());
  EXPECT_FALSE(Listen("/" + std::string(200, 'x')).ok());
  std::filesystem::remove_all(folder);
}

// What systemd passes is taken by its name, and only if it was passed to this process.
TEST(ListenTest, SocketsPassedBySystemdAreTaken) {
  const auto taken = [](const char* names, bool for_us) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      for (const int inherited : {3, 4}) {
        if (fd != inherited) ::dup2(fd, inherited);
      }
      ::setenv("LISTEN_PID", std::to_string(for_us ? ::getpid() : 1).c_str(), 1);
      ::setenv("LISTEN_FDS", "2", 1);
      ::setenv("LISTEN_FDNAMES", names, 1);
      OwnedFd got = InheritedSocket("cri");
      ::_exit(got.valid() ? got.get() : 100);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(3, taken("cri:other", true));
  EXPECT_EQ(4, taken("other:cri", true));
  EXPECT_EQ(100, taken("other:another", true));
  EXPECT_EQ(100, taken("cri:other", false));
}

TEST(GrpcWireTest, TimeoutsRoundTrip) {
  EXPECT_EQ(std::chrono::seconds(5), ParseTimeout("5S"));
  EXPECT_EQ(std::chrono::milliseconds(5), ParseTimeout("5m"));
  for (const char* text : {"", "S", "5", "5x", "123456789S", "-1S", " 5S"}) EXPECT_FALSE(ParseTimeout(text)) << text;
  EXPECT_EQ("1n", FormatTimeout(std::chrono::nanoseconds(-5)));
  for (const std::chrono::nanoseconds one : {std::chrono::nanoseconds(1), std::chrono::nanoseconds(1'500'000'000),
                                             std::chrono::nanoseconds(std::chrono::hours(24))}) {
    const auto back = ParseTimeout(FormatTimeout(one));
    ASSERT_TRUE(back);
    EXPECT_LE(*back, one);
    EXPECT_GT(*back, one - std::chrono::milliseconds(2));
  }
}

}  // namespace
}  // namespace pullseal::relay
