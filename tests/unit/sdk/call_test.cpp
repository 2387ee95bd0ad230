#include "tenon/plugin/call.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// Gives the Call of each operation to the test, which plays the provider.
struct Open : Provider {
    using Provider::Provider;

    static inline std::function<void(Call)> on_call;

    Task complete(Call call, Request) override { return run(std::move(call)); }
    Task embed(Call call, Request) override { return run(std::move(call)); }

private:
    static Task run(Call call) {
        on_call(std::move(call));
        return {};
    }
};

Outcome complete(FakeHost& host, std::function<void(Call)> body, const CallOptions& options = {}) {
    Open::on_call = std::move(body);
    return FakeProvider(host, kind_of<Open>()).complete(kHello, options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(call)

BOOST_AUTO_TEST_CASE(a_finished_call_carries_answer_and_tokens) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        call.finish({.body = R"({"choices":[]})",
                     .finish_reason = "length",
                     .input_tokens = 3,
                     .output_tokens = 5});
    });
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.body == R"({"choices":[]})");
    BOOST_TEST(outcome.finish_reason == "length");
    BOOST_TEST(outcome.input_tokens.value() == 3u);
    BOOST_TEST(outcome.output_tokens.value() == 5u);
}

BOOST_AUTO_TEST_CASE(tokens_that_were_not_reported_are_unknown) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) { call.finish(); });
    BOOST_TEST(!outcome.input_tokens.has_value());
    BOOST_TEST(!outcome.output_tokens.has_value());
}

BOOST_AUTO_TEST_CASE(every_kind_of_delta_arrives_as_it_was_emitted) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        call.emit_reasoning("hm");
        call.emit_text("a");
        call.emit({.kind = TENON_DELTA_TEXT, .choice = 1, .data = "other"});
        call.emit({.kind = TENON_DELTA_TOOL_CALL,
                   .index = 2,
                   .data = R"({"x")",
                   .tool_call_id = "id-1",
                   .tool_name = "add"});
        call.emit({.kind = TENON_DELTA_TOOL_CALL, .index = 2, .data = ":1}"});
        call.emit({.kind = TENON_DELTA_META, .data = R"({"signature":"s"})"});
        call.emit_usage(R"({"total_tokens":1})");
        call.emit({.kind = TENON_DELTA_TEXT, .data = "b", .raw = R"({"n":1})"});
        call.emit({.kind = TENON_DELTA_TEXT, .same_chunk = true, .data = "c"});
        call.finish();
    });
    BOOST_TEST(outcome.text() == "abc");
    BOOST_TEST(outcome.text(1) == "other");
    BOOST_TEST(outcome.reasoning() == "hm");
    BOOST_TEST_REQUIRE(outcome.tool_calls().size() == 1u);
    BOOST_TEST(outcome.tool_calls()[0].id == "id-1");
    BOOST_TEST(outcome.tool_calls()[0].name == "add");
    BOOST_TEST(outcome.tool_calls()[0].arguments == R"({"x":1})");
    BOOST_TEST(outcome.meta() == std::vector<std::string>{R"({"signature":"s"})"});
    BOOST_TEST(outcome.usage() == R"({"total_tokens":1})");
    BOOST_TEST(outcome.raw() == std::vector<std::string>{R"({"n":1})"});
    BOOST_TEST(outcome.deltas.back().same_chunk);
}

BOOST_AUTO_TEST_CASE(a_call_that_is_dropped_finishes_with_an_internal_error) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call) {});
    BOOST_TEST((outcome.code() == Code::internal));
    BOOST_TEST(outcome.error->message.find("without finishing") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_second_finish_does_nothing) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        call.fail({Code::refused, "no"});
        BOOST_TEST(call.finished());
        call.finish({.body = "{}"});
        call.fail({Code::internal, "later"});
        call.finish_vectors(nullptr, 0, 0);
    });
    BOOST_TEST((outcome.code() == Code::refused));
    BOOST_TEST(outcome.error->message == "no");
}

BOOST_AUTO_TEST_CASE(emit_on_a_finished_call_is_stale_and_does_not_reach_the_host) {
    StrictHost host;
    complete(host, [](Call call) {
        call.finish();
        BOOST_TEST((call.emit_text("late") == Code::stale));
        BOOST_TEST(call.cancelled());
        BOOST_TEST(call.handle() == 0u);
    });
}

BOOST_AUTO_TEST_CASE(a_moved_call_belongs_to_its_new_owner_alone) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        Call owner = std::move(call);
        BOOST_TEST(call.finished());
        BOOST_TEST((call.emit_text("from the husk") == Code::stale));
        call.fail({Code::internal, "from the husk"});
        BOOST_TEST(!owner.finished());
        owner.emit_text("ok");
        owner.finish();
    });
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "ok");
}

BOOST_AUTO_TEST_CASE(assigning_over_an_open_call_finishes_it) {
    StrictHost host;
    std::vector<Call> kept;
    Open::on_call = [&](Call call) { kept.push_back(std::move(call)); };
    FakeProvider provider(host, kind_of<Open>());
    const FakeCall first = provider.start_complete(kHello);
    const FakeCall second = provider.start_complete(kHello);
    kept[0] = std::move(kept[1]);
    BOOST_TEST((first.outcome().code() == Code::internal));
    BOOST_TEST(!second.finished());
    kept[0].finish();
    BOOST_TEST(second.outcome().ok());
}

BOOST_AUTO_TEST_CASE(a_call_that_was_moved_to_itself_stays_open) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        Call& same = call;
        call = std::move(same);
        BOOST_TEST(!call.finished());
        call.finish();
    });
    BOOST_TEST(outcome.ok());
}

BOOST_AUTO_TEST_CASE(emit_reports_a_cancel_and_finish_is_still_due) {
    StrictHost host;
    const Outcome outcome = complete(host,
                                     [](Call call) {
                                         BOOST_TEST((call.emit_text("a") == Code::ok));
                                         BOOST_TEST(!call.cancelled());
                                         BOOST_TEST((call.emit_text("b") == Code::cancelled));
                                         BOOST_TEST(call.cancelled());
                                         BOOST_TEST((call.emit_text("c") == Code::cancelled));
                                         call.fail({Code::cancelled, "stopped"});
                                     },
                                     {.emit_answers = {TENON_OK, TENON_CANCELLED}});
    BOOST_TEST(outcome.text() == "a");
    BOOST_TEST((outcome.code() == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(emit_reports_a_slow_reader) {
    StrictHost host;
    const Outcome outcome = complete(host,
                                     [](Call call) {
                                         BOOST_TEST((call.emit_text("a") == Code::again));
                                         BOOST_TEST((call.emit_text("a") == Code::ok));
                                         call.finish();
                                     },
                                     {.emit_answers = {TENON_AGAIN}});
    BOOST_TEST(outcome.text() == "a");
}

BOOST_AUTO_TEST_CASE(vectors_arrive_row_by_row) {
    StrictHost host;
    Open::on_call = [](Call call) {
        const float vectors[] = {1, 2, 3, 4};
        call.finish_vectors(vectors, 2, 2, 7);
    };
    FakeProvider provider(host, kind_of<Open>());
    const Outcome outcome = provider.embed(R"({"model":"e","input":["a","b"]})");
    BOOST_TEST(outcome.ok());
    BOOST_TEST((outcome.vectors == std::vector<std::vector<float>>{{1, 2}, {3, 4}}));
    BOOST_TEST(outcome.input_tokens.value() == 7u);
}

BOOST_AUTO_TEST_CASE(an_error_crosses_whole) {
    StrictHost host;
    const Outcome outcome = complete(host, [](Call call) {
        Error error(Code::throttled, "too fast");
        error.not_sent = true;
        error.http_status = 429;
        error.retry_after_ms = 1500;
        error.provider_code = "rate_limit";
        error.detail_json = R"({"limit":"tpm"})";
        call.fail(error);
    });
    const Error& error = outcome.error.value();
    BOOST_TEST((error.code == Code::throttled));
    BOOST_TEST((error.scope == Scope::request));
    BOOST_TEST(error.retryable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.http_status == 429);
    BOOST_TEST(error.retry_after_ms.value() == 1500);
    BOOST_TEST(error.message == "too fast");
    BOOST_TEST(error.provider_code == "rate_limit");
    BOOST_TEST(error.detail_json == R"({"limit":"tpm"})");
}

BOOST_AUTO_TEST_SUITE_END()
