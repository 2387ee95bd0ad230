#include <chrono>

#include "config/show.hpp"
#include "unit/config/given.hpp"
#include "wire/json.hpp"

/// What the sections of `tenon serve` are read to.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kKey = "0123456789abcdef";

std::string shown(const Config& config, std::string_view pointer) {
    const auto document = wire::JsonDocument::parse(show(config));
    BOOST_REQUIRE(document);
    return document->root().at(pointer).to_text();
}

BOOST_AUTO_TEST_SUITE(config_gateway)

BOOST_AUTO_TEST_CASE(without_a_word_it_listens_on_this_machine_alone) {
    const Config config = good("{}");
    BOOST_TEST((config.gateway == GatewayConfig()));
    BOOST_TEST((config.telemetry == TelemetryConfig()));
    BOOST_TEST((config.daemon == DaemonConfig()));
    BOOST_TEST(config.gateway.listen == std::vector<std::string>{"127.0.0.1:8080"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_member_of_the_gateway_is_read) {
    const GatewayConfig gateway = good(R"({"gateway": {
      "listen": ["https://0.0.0.0:443", "unix:/run/t.sock"],
      "tls": {"certificate_file": "/c.pem", "key_file": "/k.pem"},
      "allow_public": true,
      "keys": {"app": {"key": "0123456789abcdef", "models": ["fast"], "requests_per_minute": 60,
                       "tokens_per_minute": 5000000000, "concurrent": 4}},
      "admin_key": "fedcba9876543210",
      "cors": {"origins": ["https://app.example", "*"]},
      "hosts": ["gate.example"],
      "max_connections": 5, "max_body_bytes": 4096,
      "keep_alive": "3s", "drain_grace": "0s", "dashboard": false,
      "offline": {"enabled": true, "max_requests": 7, "max_bytes": 8, "max_age": "720h"}}})")
                                      .gateway;
    BOOST_TEST(gateway.listen.size() == 2U);
    BOOST_TEST(gateway.tls.certificate_file == "/c.pem");
    BOOST_TEST(gateway.tls.key_file == "/k.pem");
    BOOST_TEST(gateway.allow_public);
    const GatewayKeyConfig& key = gateway.keys.at("app");
    BOOST_TEST(key.key.reveal() == kKey);
    BOOST_TEST(key.models == std::vector<std::string>{"fast"}, boost::test_tools::per_element());
    BOOST_TEST(key.requests_per_minute == 60);
    BOOST_TEST(key.tokens_per_minute == 5'000'000'000);
    BOOST_TEST(key.concurrent == 4);
    BOOST_TEST(gateway.admin_key.reveal() == "fedcba9876543210");
    BOOST_TEST(gateway.cors.origins.size() == 2U);
    BOOST_TEST(gateway.hosts.size() == 1U);
    BOOST_TEST(gateway.max_connections == 5);
    BOOST_TEST(gateway.max_body_bytes == 4096);
    BOOST_TEST((gateway.keep_alive == 3s));
    BOOST_TEST((gateway.drain_grace == 0s));
    BOOST_TEST(!gateway.dashboard);
    BOOST_TEST(gateway.offline.enabled);
    BOOST_TEST(gateway.offline.max_requests == 7);
    BOOST_TEST(gateway.offline.max_bytes == 8);
    BOOST_TEST((gateway.offline.max_age == 720h));
}

BOOST_AUTO_TEST_CASE(telemetry_and_daemon_are_read) {
    const Config config = good(R"({
      "telemetry": {"traces": 0, "access_log": "-",
                    "otlp": {"endpoint": "https://otel.example/v1/traces",
                             "headers": {"Authorization": "Bearer x", "x-team": "a"},
                             "interval": "1s"}},
      "daemon": {"state_file": "/s.db", "control_socket": "/c.sock", "watch_config": false}})");
    BOOST_TEST(config.telemetry.traces == 0);
    BOOST_TEST(config.telemetry.access_log == "-");
    BOOST_TEST(config.telemetry.otlp.endpoint == "https://otel.example/v1/traces");
    BOOST_TEST(config.telemetry.otlp.headers.at("Authorization").reveal() == "Bearer x");
    BOOST_TEST(config.telemetry.otlp.headers.at("x-team").reveal() == "a");
    BOOST_TEST((config.telemetry.otlp.interval == 1s));
    BOOST_TEST(config.daemon.state_file == "/s.db");
    BOOST_TEST(config.daemon.control_socket == "/c.sock");
    BOOST_TEST(!config.daemon.watch_config);
}

BOOST_AUTO_TEST_CASE(relative_paths_count_from_the_directory_of_the_file) {
    const auto result = parse(R"({
      "gateway": {"tls": {"certificate_file": "tls/c.pem", "key_file": "../k.pem"}},
      "telemetry": {"access_log": "access.log"},
      "daemon": {"state_file": "s.db", "control_socket": "c.sock"}})",
                              "/etc/tenon/c.json", environment_of({}));
    BOOST_REQUIRE(result.config);
    BOOST_TEST(result.config->gateway.tls.certificate_file == "/etc/tenon/tls/c.pem");
    BOOST_TEST(result.config->gateway.tls.key_file == "/etc/k.pem");
    BOOST_TEST(result.config->telemetry.access_log == "/etc/tenon/access.log");
    BOOST_TEST(result.config->daemon.state_file == "/etc/tenon/s.db");
    BOOST_TEST(result.config->daemon.control_socket == "/etc/tenon/c.sock");
}

BOOST_AUTO_TEST_CASE(a_dash_is_no_file_of_that_name) {
    const auto result =
        parse(R"({"telemetry": {"access_log": "-"}})", "/etc/tenon/c.json", environment_of({}));
    BOOST_REQUIRE(result.config);
    BOOST_TEST(result.config->telemetry.access_log == "-");
}

BOOST_AUTO_TEST_CASE(secrets_come_from_the_environment_as_a_whole_or_in_part) {
    const Config config = good(R"({
      "gateway": {"keys": {"app": {"key": "${KEY}"}}, "admin_key": "admin-${KEY}"},
      "telemetry": {"otlp": {"headers": {"authorization": "Bearer ${TOKEN:-none}"}}}})",
                               {{"KEY", std::string(kKey)}});
    BOOST_TEST(config.gateway.keys.at("app").key.reveal() == kKey);
    BOOST_TEST(config.gateway.admin_key.reveal() == "admin-" + std::string(kKey));
    BOOST_TEST(config.telemetry.otlp.headers.at("authorization").reveal() == "Bearer none");
}

BOOST_AUTO_TEST_CASE(an_unset_variable_of_a_secret_is_an_error_of_the_file) {
    BOOST_TEST(
        problems_of("{\"gateway\": {\"keys\": {\"app\": {\n\"key\": \"${APP_KEY}\"}},\n"
                    "\"admin_key\": \"${ADMIN_KEY}\"},\n"
                    "\"telemetry\": {\"otlp\": {\"headers\": {\n\"x-key\": \"${OTLP}\"}}}}") ==
        "c.json:2:8: gateway.keys.app.key: environment variable APP_KEY is not set\n"
        "c.json:3:14: gateway.admin_key: environment variable ADMIN_KEY is not set\n"
        "c.json:5:10: telemetry.otlp.headers.x-key: environment variable OTLP is not set\n");
}

BOOST_AUTO_TEST_CASE(an_admin_key_may_be_empty_and_others_not) {
    BOOST_TEST(good(R"({"gateway": {"admin_key": "${ADMIN_KEY:-}"}})").gateway.admin_key.empty());
    BOOST_TEST(problems_of(R"({"gateway": {"keys": {"app": {"key": ""}}}})") ==
               "c.json:1:38: gateway.keys.app.key: must not be empty\n");
    BOOST_TEST(problems_of(R"({"gateway": {"keys": {"app": {}}}})") ==
               "c.json:1:30: gateway.keys.app: 'key' is missing\n");
    BOOST_TEST(problems_of(R"({"telemetry": {"otlp": {"headers": {"x-key": ""}}}})") ==
               "c.json:1:46: telemetry.otlp.headers.x-key: must not be empty\n");
}

BOOST_AUTO_TEST_CASE(a_secret_of_another_type_is_refused_without_its_value) {
    BOOST_TEST(problems_of(R"({"gateway": {"admin_key": 1234567890123456}})") ==
               "c.json:1:27: gateway.admin_key: expected a string, got a number\n");
}

BOOST_AUTO_TEST_CASE(keys_have_names_like_providers_and_headers_those_of_http) {
    BOOST_TEST(problems_of(R"({"gateway": {"keys": {"My App": {"key": "0123456789abcdef"}}}})")
                   .starts_with("c.json:1:23: gateway.keys.My App: not a valid name; use a-z"));
    BOOST_TEST(problems_of(R"({"telemetry": {"otlp": {"headers": {"my key": "x"}}}})") ==
               "c.json:1:37: telemetry.otlp.headers.my key: not the name of a header; use letters, "
               "digits and hyphens\n");
}

BOOST_AUTO_TEST_CASE(secrets_are_not_shown) {
    const Config config = good(R"({
      "gateway": {"keys": {"app": {"key": "literal-0123456789"}}, "admin_key": "${ADMIN}"},
      "telemetry": {"otlp": {"headers": {"x-anything": "header-value"}}}})",
                               {{"ADMIN", "from-the-environment"}});
    BOOST_TEST(shown(config, "/gateway/keys/app/key") == R"("***")");
    BOOST_TEST(shown(config, "/gateway/admin_key") == R"("***")");
    BOOST_TEST(shown(config, "/telemetry/otlp/headers") == R"({"x-anything":"***"})");
    for (const std::string_view secret :
         {"literal-0123456789", "from-the-environment", "header-value"}) {
        BOOST_TEST(show(config).find(secret) == std::string::npos, secret);
    }
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_not_there_is_shown_as_empty) {
    BOOST_TEST(shown(good("{}"), "/gateway/admin_key") == R"("")");
}

BOOST_AUTO_TEST_CASE(each_section_counts_when_configurations_are_compared) {
    const Config none = good("{}");
    for (const std::string_view text :
         {R"({"gateway": {"listen": []}})", R"({"gateway": {"admin_key": "0123456789abcdef"}})",
          R"({"gateway": {"keys": {"a": {"key": "0123456789abcdef"}}}})",
          R"({"gateway": {"offline": {"enabled": true}}})", R"({"telemetry": {"traces": 1}})",
          R"({"telemetry": {"otlp": {"headers": {"a": "b"}}}})",
          R"({"daemon": {"watch_config": false}})"}) {
        BOOST_TEST((good(text) != none), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
