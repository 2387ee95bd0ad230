#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <ostream>

#include "tenon/host/host.hpp"

/// A host that has loaded every plugin of tests/plugins/bad, and the mock: each sin is told in one
/// sentence, and the mock goes on answering beside it.
namespace tenon {
namespace {

using namespace std::chrono_literals;

/// One for all cases, so that whatever a sin leaves behind meets those that follow.
struct Sinners {
    Sinners() {
        host::HostOptions options;
        options.plugin_directories = {TENON_TEST_BAD_PLUGINS, TENON_TEST_MOCK_PLUGIN};
        options.load_installed_plugins = false;
        options.log_level = "off";
        options.shutdown_grace = 10ms;  // some never finish
        auto opened = host::Host::open(options);
        BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
        host() = *std::move(opened);
    }
    ~Sinners() { host().reset(); }

    static std::unique_ptr<host::Host>& host() {
        static std::unique_ptr<host::Host> host;
        return host;
    }
};

Result<host::ChatAnswer> ask(const std::string& provider, std::chrono::milliseconds timeout = 30s) {
    host::ChatRequest request;
    request.provider = provider;
    request.messages.push_back({"user", "still there?"});
    request.options.timeout = timeout;
    return Sinners::host()->complete(request);
}

void check_mock_answers() {
    const auto answer = ask("mock");
    BOOST_REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().message));
    BOOST_TEST(answer->text == "You said: still there?");
}

/// A library that is not taken, and a part of what is said about it.
struct Refused {
    const char* library;
    const char* stage;
    const char* part;
    friend std::ostream& operator<<(std::ostream& out, const Refused& r) {
        return out << r.library;
    }
};

constexpr Refused kRefused[] = {
    {"bad_kind_id", "descriptor", "has the id 'Bad Kind ?[31m?'; use a-z"},
    {"bad_utf8", "descriptor", "has a description that is not UTF-8; save its source as UTF-8"},
    {"duplicate_kinds", "descriptor", "twice, of which the first is used; give the other an id"},
    {"huge_struct_size", "descriptor", "struct_size 4294967295"},
    {"invalid_schema", "descriptor", "schema that is not JSON (line 1"},
    {"missing_dependency", "link", "needs the library libtenon_test_gone.so, which is not"},
    {"needs_newer_host", "version", "needs a host with ABI 1.9, this one has 1.0; update Tenon"},
    {"no_entry", "symbol", "exports no tenon_plugin_entry_v1: it is no Tenon plugin; remove it"},
    {"no_operation", "descriptor", "offers none of complete, embed and rerank; implement"},
    {"not_a_library", "format", "is not a shared library; remove it from the plugin directory"},
    {"null_descriptor", "descriptor", "its kind number 1 has a NULL descriptor; correct count"},
    {"null_entry", "entry", "has an entry function that returns NULL"},
    {"throw_in_entry", "entry", "throws an exception (no licence key); report it"},
    {"undefined_symbol", "link", "uses the symbol 'tenon_test_nobody_defines_this', which no"},
    {"wrong_major", "symbol", "is built for version 2 of the plugin ABI, this host speaks version"},
    {"zero_struct_size", "descriptor", "struct_size 0"},
};

/// A kind that is taken and then misbehaves, and how a request to it ends.
struct Sin {
    const char* kind;
    const char* error;  ///< a part of its message; nullptr: the request succeeds
    const char* text = "";
    std::chrono::milliseconds timeout = 30s;
    friend std::ostream& operator<<(std::ostream& out, const Sin& sin) { return out << sin.kind; }
};

constexpr const char* kTooLate = "The request was not finished within 50ms; allow more time";

constexpr Sin kSins[] = {
    {"block_for_ever", kTooLate, "", 50ms},
    {"connect_without_connection", "reported a connection but brought none; report it"},
    {"create_without_provider", "reported success but made no provider; report it"},
    {"duplicate_kinds", nullptr},
    {"emit_after_finish", nullptr, "before"},
    {"emit_for_ever", kTooLate, "", 50ms},
    {"finish_after_refusal", nullptr},
    {"finish_twice", nullptr, "first"},
    {"garbage_body", "answer is not JSON: line 1"},
    {"leak_http", nullptr, "started"},
    {"lose_unknown_connection", nullptr, "stale"},
    {"never_finish", kTooLate, "", 50ms},
    {"null_result", "finished with a result that makes no sense"},
    {"null_timer", nullptr, "refused"},
    {"same_connection_twice", kTooLate, "", 50ms},
    {"throw_in_callbacks", nullptr},
    {"throw_in_complete", "threw an exception in complete (vector::at); report it"},
    {"throw_in_create", "threw an exception in create (out_of_range); report it"},
    {"wild_result", "finished with a result that makes no sense"},
};

BOOST_TEST_GLOBAL_FIXTURE(Sinners);

BOOST_AUTO_TEST_SUITE(bad_plugins)

BOOST_DATA_TEST_CASE(a_library_that_cannot_be_taken_is_told_and_stops_nobody,
                     boost::unit_test::data::make(kRefused), refused) {
    std::size_t found = 0;
    for (const host::PluginProblem& problem : Sinners::host()->plugin_problems()) {
        if (std::filesystem::path(problem.library).stem() != refused.library) continue;
        ++found;
        BOOST_TEST_CONTEXT(problem.message) {
            BOOST_TEST(problem.stage == refused.stage);
            BOOST_TEST(problem.message.find(refused.part) != std::string::npos);
        }
    }
    BOOST_TEST(found == 1U);
    check_mock_answers();
}

BOOST_AUTO_TEST_CASE(nothing_else_is_refused) {
    BOOST_TEST(Sinners::host()->plugin_problems().size() == std::size(kRefused));
}

BOOST_DATA_TEST_CASE(a_sin_ends_its_own_request_and_no_other, boost::unit_test::data::make(kSins),
                     sin) {
    for (int again = 0; again < 3; ++again) {
        const auto answer = ask(sin.kind, sin.timeout);
        BOOST_TEST_CONTEXT((answer ? answer->text : answer.error().message)) {
            BOOST_TEST(answer.has_value() == (sin.error == nullptr));
            if (answer) {
                BOOST_TEST(answer->text == sin.text);
            } else {
                const std::string& message = answer.error().message;
                BOOST_TEST(message.starts_with(std::string("provider ") + sin.kind + ": "));
                BOOST_TEST(message.find(sin.error) != std::string::npos);
                BOOST_TEST(message.find('\n') == std::string::npos);
            }
        }
        check_mock_answers();
    }
}

BOOST_AUTO_TEST_CASE(a_plugin_that_finishes_after_its_time_harms_nobody) {
    // Whether it or the host comes first is a race, and both ends are right.
    for (int again = 0; again < 10; ++again) {
        const auto answer = ask("finish_late", 1ms);
        if (!answer) BOOST_TEST((answer.error().code == Code::deadline));
        check_mock_answers();
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon
