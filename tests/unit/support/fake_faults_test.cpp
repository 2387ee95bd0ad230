#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "answers.hpp"
#include "support/fake_llm.hpp"
#include "support/raw_client.hpp"

using namespace tenon::test;
using Ending = RawClient::Ending;

namespace {

struct Fixture {
    RawResponse chat(const std::string& model) {
        return client().exchange("POST", "/v1/chat/completions", ask(model, "hello"));
    }
    RawResponse stream(const std::string& model) {
        return client().exchange("POST", "/v1/chat/completions",
                                 ask(model, "hello", ",\"stream\":true"));
    }
    RawResponse ollama(const std::string& model) {
        return client().exchange("POST", "/api/chat", ask(model, "hello"));
    }
    RawClient& client() {  // a new connection each time
        client_ = std::make_unique<RawClient>(fake.server().port());
        return *client_;
    }
    [[nodiscard]] Ending ending() const { return client_->ending(); }

    FakeLlm fake;

private:
    std::unique_ptr<RawClient> client_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fake_faults, Fixture)

BOOST_AUTO_TEST_CASE(a_number_is_that_status_in_the_shape_of_the_api) {
    for (const int status : {401, 404, 418, 429, 500, 503, 529}) {
        const std::string model = "fault-" + std::to_string(status);
        BOOST_TEST(chat(model).status == status);
        BOOST_TEST(stream(model).status == status);
        BOOST_TEST(ollama(model).status == status);
    }
    BOOST_TEST(at(chat("fault-503").body, "/error/code") == "server_is_overloaded");
    BOOST_TEST(at(ollama("fault-503").body, "/error").starts_with("The engine is"));
}

BOOST_AUTO_TEST_CASE(a_429_says_when_to_come_back) {
    const RawResponse response = chat("fault-429");
    BOOST_TEST(response.header("Retry-After").value() == "7");
    BOOST_TEST(response.header("x-ratelimit-remaining-requests").value() == "0");
    BOOST_TEST(response.header("x-ratelimit-reset-requests").value() == "6m0s");
    BOOST_TEST(at(response.body, "/error/code") == "rate_limit_exceeded");
}

BOOST_AUTO_TEST_CASE(named_refusals_have_the_codes_of_openai) {
    BOOST_TEST(at(chat("fault-context").body, "/error/code") == "context_length_exceeded");
    BOOST_TEST(at(chat("fault-filter").body, "/error/code") == "content_filter");
    const RawResponse quota = chat("fault-quota");
    BOOST_TEST(quota.status == 429);
    BOOST_TEST(at(quota.body, "/error/type") == "insufficient_quota");
}

BOOST_AUTO_TEST_CASE(some_bodies_with_status_200_are_no_answer) {
    BOOST_TEST(chat("fault-html").header("Content-Type").value() == "text/html; charset=utf-8");
    BOOST_TEST(stream("fault-html").body.starts_with("<html>"));
    BOOST_TEST(chat("fault-empty").body.empty());
    BOOST_TEST(stream("fault-empty").complete);
    BOOST_TEST(at(chat("fault-garbage-json").body, "") == "(not JSON)");
}

BOOST_AUTO_TEST_CASE(garbage_comes_in_the_middle_of_a_stream) {
    const std::vector<std::string> events = events_in(stream("fault-garbage-json").body);
    BOOST_TEST(at(events.at(1), "/choices/0/delta/content") == "You ");
    BOOST_TEST(at(events.at(events.size() / 2), "") == "(not JSON)");
    BOOST_TEST(events.back() == "[DONE]");
    BOOST_TEST(ollama("fault-garbage-json").body.find("oops, \n{") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_error_may_come_with_status_200) {
    const RawResponse whole = chat("fault-stream-error");
    BOOST_TEST(whole.status == 200);
    BOOST_TEST(at(whole.body, "/error/type") == "server_error");

    const std::vector<std::string> events = events_in(stream("fault-stream-error").body);
    BOOST_TEST(events.size() == 4U);
    BOOST_TEST(at(events.at(2), "/choices/0/delta/content") == "said");
    BOOST_TEST(at(events.at(3), "/error/type") == "server_error");

    const std::vector<std::string> lines = split_at(ollama("fault-stream-error").body, "\n");
    BOOST_TEST(at(lines.back(), "/error").starts_with("The server had an error"));
}

BOOST_AUTO_TEST_CASE(a_truncated_body_ends_before_its_framing_says_so) {
    for (const RawResponse& response :
         {chat("fault-truncated"), stream("fault-truncated"), ollama("fault-truncated")}) {
        BOOST_TEST(response.status == 200);
        BOOST_TEST(!response.body.empty());
        BOOST_TEST(!response.complete);
    }
    BOOST_TEST((ending() == Ending::closed));
}

BOOST_AUTO_TEST_CASE(without_done_the_framing_is_right_and_only_the_last_event_is_missing) {
    const RawResponse response = stream("fault-no-done");
    BOOST_TEST(response.complete);
    BOOST_TEST(at(events_in(response.body).back(), "/choices/0/finish_reason") == "stop");
    const RawResponse native = ollama("fault-no-done");
    BOOST_TEST(native.complete);
    BOOST_TEST(at(split_at(native.body, "\n").back(), "/done") == "false");
}

BOOST_AUTO_TEST_CASE(connections_end_before_or_within_the_response) {
    BOOST_TEST(chat("fault-reset").status == 0);
    BOOST_TEST((ending() == Ending::reset));
    BOOST_TEST(chat("fault-close").status == 0);
    BOOST_TEST((ending() == Ending::closed));
    BOOST_TEST(!stream("fault-reset-midway").complete);
    BOOST_TEST((ending() == Ending::reset));
}

BOOST_AUTO_TEST_CASE(silence_and_stalls_last_until_the_client_leaves) {
    const std::string body = ask("fault-silent", "hello");
    RawClient& silent = client();
    silent.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    BOOST_TEST(fake.server().wait_for_requests(1));
    BOOST_TEST(fake.server().connections_open() == 1);
    silent.half_close();
    BOOST_TEST(silent.read_all().empty());

    const std::string stalled = ask("fault-stall", "hello", ",\"stream\":true");
    RawClient& stall = client();
    stall.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " +
               std::to_string(stalled.size()) + "\r\n\r\n" + stalled);
    BOOST_TEST(stall.read_until("said").ends_with("said"));
    BOOST_TEST(fake.server().connections_open() >= 1);
    stall.half_close();
    BOOST_TEST(!stall.read_all().ends_with("0\r\n\r\n"));
    BOOST_TEST(fake.server().wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(huge_and_endless_bodies_go_on_until_the_client_leaves) {
    for (const char* model : {"fault-huge", "fault-endless"}) {
        const std::string body = ask(model, "hello", ",\"stream\":true");
        RawClient& patient = client();
        patient.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
        std::size_t received = 0;
        while (received < 1'000'000 && patient.ending() == Ending::not_yet) {
            received += patient.read_some().size();
        }
        BOOST_TEST(received >= 1'000'000U);
        patient.close();
        BOOST_TEST(fake.server().wait_for_open(0));
    }
}

BOOST_AUTO_TEST_CASE(a_flaky_model_fails_as_often_as_its_name_says) {
    BOOST_TEST(chat("flaky-2-a").status == 503);
    BOOST_TEST(chat("flaky-2-a").status == 503);
    BOOST_TEST(chat("flaky-1-b").status == 503);
    BOOST_TEST(chat("flaky-2-a").status == 200);
    BOOST_TEST(chat("flaky-1-b").status == 200);
}

BOOST_AUTO_TEST_CASE(a_fault_can_be_set_for_all_requests_and_taken_back) {
    fake.set_fault("503");
    BOOST_TEST(chat("fake-small").status == 503);
    BOOST_TEST(client().exchange("GET", "/v1/models").status == 503);
    fake.set_fault(std::nullopt);
    BOOST_TEST(chat("fake-small").status == 200);

    BOOST_TEST(client().exchange("PUT", "/fake/fault", "reset").status == 204);
    BOOST_TEST(chat("fake-small").status == 0);
    BOOST_TEST(client().exchange("DELETE", "/fake/fault").status == 204);
    BOOST_TEST(chat("fake-small").status == 200);
}

BOOST_AUTO_TEST_CASE(an_unknown_fault_is_not_found_rather_than_success) {
    BOOST_TEST(chat("fault-typo").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
