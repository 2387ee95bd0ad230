#include "gateway/api/browser_guard.hpp"

#include <boost/test/unit_test.hpp>

#include "gateway/api/request_wishes.hpp"

namespace tenon::gateway {
namespace {

/// A request with these headers.
class Request {
public:
    Request(std::vector<wire::HeaderView> headers, std::string_view method)
        : headers_(std::move(headers)),
          request_{.method = method,
                   .target = "/v1/chat/completions",
                   .authority = "127.0.0.1:8080",
                   .headers = headers_,
                   .body = body_,
                   .peer = "127.0.0.1:1"} {}
    [[nodiscard]] const transport::ServerRequest& get() const { return request_; }

private:
    std::string body_;
    std::vector<wire::HeaderView> headers_;
    transport::ServerRequest request_;
};

Request with(std::vector<wire::HeaderView> headers) {
    return Request(std::move(headers), "POST");
}

std::string value_of(HeaderList& headers, std::string_view name) {
    for (const wire::HeaderView& header : headers.views()) {
        if (header.name == name) return std::string(header.value);
    }
    return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(browser_guard)

BOOST_AUTO_TEST_CASE(this_machine_is_an_expected_host_by_name_and_address) {
    for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "192.168.1.7",
                             "[::1]:8080", "[fe80::1]", ""}) {
        BOOST_TEST(is_expected_host(host, {}), host);
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_somebody_made_point_here_is_not_expected) {
    for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                             "127.0.0.1.evil.example", "xlocalhost"}) {
        BOOST_TEST(!is_expected_host(host, {}), host);
    }
    BOOST_TEST(is_expected_host("Gateway.Example:443", {"gateway.example"}));
}

BOOST_AUTO_TEST_CASE(requests_from_no_page_or_from_the_own_page_are_expected) {
    BOOST_TEST(is_expected_origin(with({}).get(), {}));
    BOOST_TEST(is_expected_origin(with({{"origin", "http://127.0.0.1:8080"}}).get(), {}));
}

BOOST_AUTO_TEST_CASE(requests_from_a_page_elsewhere_are_not) {
    for (const char* origin : {"https://evil.example", "http://127.0.0.1:9999", "null",
                               "http://127.0.0.1:8080.evil.example"}) {
        BOOST_TEST(!is_expected_origin(with({{"origin", origin}}).get(), {}), origin);
    }
    const Request request = with({{"origin", "https://App.example"}});
    BOOST_TEST(is_expected_origin(request.get(), {"https://app.example"}));
    BOOST_TEST(is_expected_origin(request.get(), {"*"}));
}

BOOST_AUTO_TEST_CASE(only_pages_of_allowed_origins_may_read_answers) {
    HeaderList allowed;
    add_cors(allowed, with({{"origin", "https://app.example"}}).get(), {"https://app.example"});
    BOOST_TEST(value_of(allowed, "access-control-allow-origin") == "https://app.example");
    BOOST_TEST(value_of(allowed, "vary") == "origin");
    HeaderList other;
    add_cors(other, with({{"origin", "https://evil.example"}}).get(), {"https://app.example"});
    BOOST_TEST(value_of(other, "access-control-allow-origin") == "");
    BOOST_TEST(value_of(other, "vary") == "origin");
    HeaderList none;
    add_cors(none, with({{"origin", "https://app.example"}}).get(), {});
    BOOST_TEST(none.views().empty());
}

BOOST_AUTO_TEST_CASE(a_preflight_tells_what_an_allowed_page_may_send) {
    HeaderList headers;
    const Request request({{"origin", "https://app.example"},
                           {"access-control-request-method", "POST"},
                           {"access-control-request-headers", "authorization,x-stainless-os"}},
                          "OPTIONS");
    BOOST_TEST(answer_preflight(headers, request.get(), {"https://app.example"}));
    BOOST_TEST(value_of(headers, "access-control-allow-headers") == "authorization,x-stainless-os");
    BOOST_TEST(value_of(headers, "access-control-allow-methods") == "GET, POST, DELETE, OPTIONS");
    HeaderList refused;
    BOOST_TEST(answer_preflight(refused, request.get(), {"https://other.example"}));
    BOOST_TEST(value_of(refused, "access-control-allow-headers") == "");
}

BOOST_AUTO_TEST_CASE(an_options_request_that_is_no_preflight_is_not_answered_as_one) {
    HeaderList headers;
    BOOST_TEST(!answer_preflight(headers, Request({}, "OPTIONS").get(), {"*"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_wishes)

BOOST_AUTO_TEST_CASE(what_a_client_wishes_is_read_from_its_headers) {
    const auto wishes = read_wishes(with({{"x-request-id", "abc-1"},
                                          {"x-tenon-timeout", "1500ms"},
                                          {"x-tenon-provider", "openai"},
                                          {"x-tenon-no-retry", "true"},
                                          {"x-tenon-session", "me"},
                                          {"x-tenon-offline", "queue"}})
                                        .get());
    BOOST_REQUIRE(wishes.has_value());
    BOOST_TEST(wishes->id == "abc-1");
    BOOST_TEST(wishes->options.timeout.count() == 1500);
    BOOST_TEST(wishes->provider == "openai");
    BOOST_TEST(wishes->options.max_attempts == 1);
    BOOST_TEST(wishes->options.session == "me");
    BOOST_TEST(wishes->queue_offline);
}

BOOST_AUTO_TEST_CASE(without_wishes_everything_is_as_configured) {
    const auto wishes = read_wishes(with({}).get());
    BOOST_REQUIRE(wishes.has_value());
    BOOST_TEST(wishes->options.timeout.count() == 0);
    BOOST_TEST(wishes->options.max_attempts == 0);
    BOOST_TEST(!wishes->queue_offline);
}

BOOST_AUTO_TEST_CASE(an_id_that_could_spoil_logs_is_not_taken) {
    for (const char* id : {"a b", "a\"b", "", "a/b"}) {
        BOOST_TEST(read_wishes(with({{"x-request-id", id}}).get())->id == "", id);
    }
    const std::string longest(128, 'a');
    BOOST_TEST(read_wishes(with({{"x-request-id", longest}}).get())->id == longest);
    const std::string longer(129, 'a');
    BOOST_TEST(read_wishes(with({{"x-request-id", longer}}).get())->id == "");
}

BOOST_AUTO_TEST_CASE(a_wish_that_cannot_be_understood_is_an_error_that_names_its_header) {
    const wire::HeaderView wrong[] = {{"x-tenon-timeout", "soon"}, {"x-tenon-timeout", "0s"},
                                      {"x-tenon-timeout", "10"},   {"x-tenon-no-retry", "maybe"},
                                      {"x-tenon-provider", "a b"}, {"x-tenon-offline", "yes"}};
    for (const wire::HeaderView& header : wrong) {
        const auto wishes = read_wishes(with({header}).get());
        BOOST_REQUIRE(!wishes);
        BOOST_TEST((wishes.error().code == Code::invalid));
        BOOST_TEST(wishes.error().message.find(header.name) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_key_is_taken_from_any_of_the_usual_headers) {
    BOOST_TEST(presented_key(with({{"authorization", "Bearer abc"}}).get()) == "abc");
    BOOST_TEST(presented_key(with({{"authorization", "bearer abc"}}).get()) == "abc");
    BOOST_TEST(presented_key(with({{"x-api-key", "abc"}}).get()) == "abc");
    BOOST_TEST(presented_key(with({{"api-key", "abc"}}).get()) == "abc");
    BOOST_TEST(presented_key(with({{"authorization", "Basic abc"}}).get()) == "");
    BOOST_TEST(presented_key(with({{"authorization", "Bearer "}}).get()) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
