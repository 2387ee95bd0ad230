#include "tenon/plugin/kind.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

struct Minimal : Provider {
    using Provider::Provider;
    Task embed(Call call, Request) override {
        call.finish({.body = "{}"});
        co_return;
    }
};

/// Throws in each operation.
struct Thrower : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        call.emit_text("some");
        fail("complete");
        co_return;
    }
    Task rerank(Call, Request) override {
        throw 42;
        co_return;
    }
    Task list_models(Call) override {
        fail("list_models");
        co_return;
    }
    Task health_check(Call) override {
        fail("health_check");
        co_return;
    }
    // No coroutine: the exception leaves the function itself.
    Task embed(Call, Request) override { throw std::runtime_error("embed"); }

private:
    static void fail(const char* where) { throw std::runtime_error(where); }
};

struct ThrowingConnect : Thrower {
    using Thrower::Thrower;
    Task connect(Call) override {
        throw std::runtime_error("connect");
        co_return;
    }
};

struct Forgetful : Provider {
    using Provider::Provider;
    Task complete(Call, Request) override { co_return; }
};

enum class Make { throws_exception, throws_int, throws_bad_alloc, fails, makes_nothing };

template <Make how>
struct Unmade : Minimal {
    using Minimal::Minimal;
    static Result<std::unique_ptr<Unmade>> create(const ProviderContext& context) {
        switch (how) {
            case Make::throws_exception: throw std::runtime_error("no region in the config");
            case Make::throws_int: throw 42;
            case Make::throws_bad_alloc: throw std::bad_alloc();
            case Make::fails: return Error(Code::auth, std::string(context.config));
            case Make::makes_nothing: return std::unique_ptr<Unmade>();
        }
        return std::unique_ptr<Unmade>();
    }
};

template <Make how>
Error creation_error(std::string_view config = "{}") {
    StrictHost host;
    const FakeProvider provider(host, kind_of<Unmade<how>>(), config);
    BOOST_TEST_REQUIRE(!provider.ok());
    return *provider.error();
}

struct Closing : Connection {
    explicit Closing(int& open) : open_(open) { ++open_; }
    ~Closing() override { --open_; }
    int& open_;
};

/// Counts its open connections and answers with the number.
struct Connected : Provider {
    using Provider::Provider;
    Task connect(Call call) override {
        if (fail_next) {
            fail_next = false;
            call.fail({Code::unavailable, "nobody listens"});
        } else if (forget_next) {
            forget_next = false;
            call.finish_connected(nullptr);
        } else {
            call.finish_connected(std::make_unique<Closing>(open));
        }
        co_return;
    }
    Task complete(Call call, Request) override {
        BOOST_TEST(call.connection<Closing>() != nullptr);
        call.emit_text(std::to_string(open));
        call.finish();
        co_return;
    }
    void on_cancel(tenon_call) noexcept override {}
    const void* get_extension(std::string_view id) noexcept override {
        return id == "com.example.answer/1" ? &kAnswer : nullptr;
    }

    static constexpr int kAnswer = 42;
    static inline int open = 0;
    static inline bool fail_next = false;
    static inline bool forget_next = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kinds)

BOOST_AUTO_TEST_CASE(operations_that_are_not_overridden_stay_null) {
    const Kind kind = kind_of<Minimal>();
    BOOST_TEST((kind.vtable.embed != nullptr));
    BOOST_TEST((kind.vtable.complete == nullptr));
    BOOST_TEST((kind.vtable.rerank == nullptr));
    BOOST_TEST((kind.vtable.list_models == nullptr));
    BOOST_TEST((kind.vtable.health_check == nullptr));
    BOOST_TEST((kind.vtable.connect == nullptr));
    BOOST_TEST((kind.vtable.disconnect == nullptr));
    BOOST_TEST((kind.vtable.cancel == nullptr));
    BOOST_TEST((kind.vtable.get_extension == nullptr));
}

BOOST_AUTO_TEST_CASE(operations_that_are_overridden_are_in_the_table) {
    const Kind kind = kind_of<Connected>(TENON_CONN_EXCLUSIVE);
    BOOST_TEST((kind.vtable.complete != nullptr));
    BOOST_TEST((kind.vtable.connect != nullptr));
    BOOST_TEST((kind.vtable.disconnect != nullptr));
    BOOST_TEST((kind.vtable.cancel != nullptr));
    BOOST_TEST((kind.vtable.get_extension != nullptr));
}

BOOST_AUTO_TEST_CASE(the_descriptor_says_what_the_info_says) {
    const Kind kind = tenon::kind<Minimal>({.id = "acme",
                                            .name = "Acme",
                                            .version = "2.1.0",
                                            .vendor = "Acme Inc.",
                                            .config_schema = "{}",
                                            .features = TENON_FEATURE_STREAM,
                                            .conn_mode = TENON_CONN_MULTIPLEXED,
                                            .blocking = TENON_BLOCKING_CALLS,
                                            .max_calls_per_conn = 3,
                                            .options = TENON_OPTION_READS_SECRETS,
                                            .required_services = kNetworkServices});
    const tenon_descriptor& d = kind.descriptor;
    BOOST_TEST(d.struct_size == sizeof d);
    BOOST_TEST(d.abi_built == TENON_ABI_CURRENT);
    BOOST_TEST(d.abi_min_host == TENON_ABI(1, 0));
    BOOST_TEST(from_abi(d.id) == "acme");
    BOOST_TEST(from_abi(d.name) == "Acme");
    BOOST_TEST(from_abi(d.version) == "2.1.0");
    BOOST_TEST(from_abi(d.vendor) == "Acme Inc.");
    BOOST_TEST(from_abi(d.config_schema_json) == "{}");
    BOOST_TEST(d.features == TENON_FEATURE_STREAM);
    BOOST_TEST(d.conn_mode == TENON_CONN_MULTIPLEXED);
    BOOST_TEST(d.blocking == TENON_BLOCKING_CALLS);
    BOOST_TEST(d.max_calls_per_conn == 3u);
    BOOST_TEST(d.options == TENON_OPTION_READS_SECRETS);
    BOOST_TEST((d.required_services == kNetworkServices));
}

BOOST_AUTO_TEST_CASE(an_exception_of_create_is_the_load_error) {
    const Error error = creation_error<Make::throws_exception>();
    BOOST_TEST((error.code == Code::internal));
    BOOST_TEST(error.message == "no region in the config");
}

BOOST_AUTO_TEST_CASE(an_unknown_exception_of_create_is_the_load_error) {
    const Error error = creation_error<Make::throws_int>();
    BOOST_TEST((error.code == Code::internal));
    BOOST_TEST(!error.message.empty());
}

BOOST_AUTO_TEST_CASE(want_of_memory_in_create_is_told_as_such) {
    BOOST_TEST((creation_error<Make::throws_bad_alloc>().code == Code::no_memory));
}

BOOST_AUTO_TEST_CASE(an_error_of_create_crosses_with_its_message) {
    const Error error = creation_error<Make::fails>(R"({"key":"x"})");
    BOOST_TEST((error.code == Code::auth));
    BOOST_TEST((error.scope == Scope::provider));
    BOOST_TEST(error.message == R"({"key":"x"})");
}

BOOST_AUTO_TEST_CASE(a_create_that_makes_nothing_is_an_error) {
    BOOST_TEST((creation_error<Make::makes_nothing>().code == Code::internal));
}

BOOST_AUTO_TEST_CASE(an_exception_at_each_operation_fails_its_call) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Thrower>());
    const auto message = [](const Outcome& outcome) { return outcome.error.value().message; };
    BOOST_TEST(message(provider.complete(kHello)) == "exception in the plugin: complete");
    BOOST_TEST(message(provider.list_models()) == "exception in the plugin: list_models");
    BOOST_TEST(message(provider.health_check()) == "exception in the plugin: health_check");
    BOOST_TEST(message(provider.rerank(kHello)) == "exception of an unknown type in the plugin");
    BOOST_TEST((provider.embed(kHello).code() == Code::internal));
}

BOOST_AUTO_TEST_CASE(an_exception_in_connect_fails_the_connect) {
    StrictHost host;
    FakeProvider provider(host, kind_of<ThrowingConnect>(TENON_CONN_EXCLUSIVE));
    BOOST_TEST(provider.connect().error.value().message == "exception in the plugin: connect");
    BOOST_TEST(provider.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_returns_without_finishing_fails_its_call) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Forgetful>());
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST((outcome.code() == Code::internal));
    BOOST_TEST(outcome.error->message.find("without finishing") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_connection_lives_from_connect_to_disconnect) {
    StrictHost host;
    {
        FakeProvider provider(host, kind_of<Connected>(TENON_CONN_EXCLUSIVE));
        const Outcome first = provider.connect();
        BOOST_TEST((first.connection != nullptr));
        provider.connect();
        BOOST_TEST(Connected::open == 2);
        BOOST_TEST(provider.connections() == 2u);
        BOOST_TEST(provider.complete(kHello).text() == "2");
        provider.disconnect(first.connection);
        BOOST_TEST(Connected::open == 1);
    }
    BOOST_TEST(Connected::open == 0);
}

BOOST_AUTO_TEST_CASE(a_connect_that_fails_opens_nothing) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Connected>(TENON_CONN_EXCLUSIVE));
    Connected::fail_next = true;
    BOOST_TEST((provider.connect().code() == Code::unavailable));
    BOOST_TEST(provider.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(finishing_connected_without_a_connection_is_an_internal_error) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Connected>(TENON_CONN_EXCLUSIVE));
    Connected::forget_next = true;
    BOOST_TEST((provider.connect().code() == Code::internal));
}

BOOST_AUTO_TEST_CASE(an_extension_is_found_by_its_id) {
    StrictHost host;
    const FakeProvider provider(host, kind_of<Connected>(TENON_CONN_EXCLUSIVE));
    BOOST_TEST(provider.get_extension("com.example.answer/1") == &Connected::kAnswer);
    BOOST_TEST(provider.get_extension("com.example.other/1") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
