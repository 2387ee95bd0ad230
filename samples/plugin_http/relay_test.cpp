#include <cstdlib>
#include <iostream>
#include <string_view>

#include "tenon/testing/fake_host.hpp"

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr std::string_view kUrl = "https://llm.example/v1/chat/completions";
constexpr std::string_view kConfig = R"({"base_url":"https://llm.example/v1"})";
constexpr std::string_view kRequest = R"({"model":"m","stream":true,"messages":[]})";
constexpr std::string_view kStream =
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"length\"}]}\n\n"
    "data: [DONE]\n\n";

/// Stands for the macro of your test framework.
void check(bool good, std::string_view what) {
    if (good) return;
    std::cerr << "failed: " << what << '\n';
    std::exit(1);
}

const tenon_plugin& plugin() {
    return *tenon_plugin_entry_v1(TENON_ABI_CURRENT);
}

void a_stream_arrives_however_it_is_cut() {
    FakeHost host;
    FakeProvider relay(host, plugin(), "relay", kConfig);
    host.http().expect("POST", kUrl, {.body = std::string(kStream), .chunk_size = 1});
    const Outcome outcome = relay.complete(kRequest);
    check(outcome.ok() && outcome.text() == "Hello", "the text");
    check(outcome.finish_reason == "length", "the finish reason");
    check(host.http().last().body == kRequest, "the body that was sent");
    check(host.http().last().credential == "api_key", "the credential");
    check(host.violations().empty(), "the contract");
}

void a_wrong_key_blames_the_provider() {
    FakeHost host;
    FakeProvider relay(host, plugin(), "relay", kConfig);
    host.http().respond({.status = 401, .body = R"({"error":{"message":"bad key"}})"});
    const Outcome outcome = relay.complete(kRequest);
    check(outcome.code() == Code::auth, "the code");
    check(outcome.error->scope == Scope::provider, "the scope");
    check(host.violations().empty(), "the contract");
}

void a_cancel_ends_the_call_wherever_it_comes() {
    for (int steps = 0;; ++steps) {
        FakeHost host;
        FakeProvider relay(host, plugin(), "relay", kConfig);
        host.http().respond({.body = std::string(kStream), .chunk_size = 7});
        FakeCall call = relay.start_complete(kRequest);
        int done = 0;
        while (done < steps && host.step()) ++done;
        if (call.finished()) break;
        call.cancel();
        host.run_until_idle();
        check(call.outcome().code() == Code::cancelled, "the code");
        check(host.violations().empty(), "the contract");
    }
}

}  // namespace

int main() {
    a_stream_arrives_however_it_is_cut();
    a_wrong_key_blames_the_provider();
    a_cancel_ends_the_call_wherever_it_comes();
}
