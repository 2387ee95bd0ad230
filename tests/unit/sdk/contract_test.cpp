// What FakeHost says to plugins that break the ABI's contract, written against the bare C tables.
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sdk_fixture.hpp"
#include "tenon/testing/fake_host.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// A plugin in C whose functions the test fills in.
struct Bare {
    const tenon_host* host = nullptr;
    std::function<tenon_status(const tenon_request*, tenon_call)> complete;
    std::function<tenon_status(tenon_call)> list_models;
};
Bare bare;

tenon_status TENON_CALL create(const tenon_host* host, const tenon_str*, tenon_provider** out,
                               tenon_error*) noexcept {
    bare.host = host;
    *out = reinterpret_cast<tenon_provider*>(&bare);
    return TENON_OK;
}
void TENON_CALL destroy(tenon_provider*) noexcept {}
tenon_status TENON_CALL complete(tenon_provider*, tenon_conn*, const tenon_request* request,
                                 tenon_call call) noexcept {
    return bare.complete(request, call);
}
tenon_status TENON_CALL list_models(tenon_provider*, tenon_conn*, tenon_call call,
                                    std::int64_t) noexcept {
    return bare.list_models(call);
}

tenon_descriptor descriptor() {
    tenon_descriptor d{};
    d.struct_size = sizeof d;
    d.abi_min_host = TENON_ABI(1, 0);
    d.id = d.name = {"bare", 4};
    d.version = {"1.0.0", 5};
    return d;
}

tenon_vtable vtable() {
    tenon_vtable v{};
    v.struct_size = sizeof v;
    v.create = &create;
    v.destroy = &destroy;
    v.complete = &complete;
    v.list_models = &list_models;
    return v;
}

tenon_result result(std::string_view body = {}) {
    tenon_result r{};
    r.struct_size = sizeof r;
    r.body_json = to_abi(body);
    r.input_tokens = r.output_tokens = TENON_TOKENS_UNKNOWN;
    return r;
}

tenon_status finish(tenon_call call, const tenon_result& r) {
    return bare.host->finish(bare.host->ctx, call, &r);
}
tenon_status finish(tenon_call call) {
    return finish(call, result());
}

tenon_delta text(std::string_view data) {
    tenon_delta d{};
    d.struct_size = sizeof d;
    d.kind = TENON_DELTA_TEXT;
    d.data = to_abi(data);
    return d;
}
tenon_status emit(tenon_call call, const tenon_delta& delta) {
    return bare.host->emit(bare.host->ctx, call, &delta);
}

/// What the host objects to when complete() does this.
std::vector<std::string> breaches(
    std::function<tenon_status(const tenon_request*, tenon_call)> body) {
    FakeHost host;
    bare.complete = std::move(body);
    { FakeProvider(host, descriptor(), vtable()).complete(kHello); }
    return host.violations();
}
std::vector<std::string> breaches_of_result(const tenon_result& r) {
    return breaches([r](const tenon_request*, tenon_call call) {
        finish(call, r);
        return TENON_OK;
    });
}
std::vector<std::string> breaches_of_delta(const tenon_delta& delta) {
    return breaches([delta](const tenon_request*, tenon_call call) {
        emit(call, delta);
        finish(call);
        return TENON_OK;
    });
}
std::vector<std::string> breaches_of_error(const tenon_error& error) {
    return breaches([error](const tenon_request*, tenon_call call) {
        tenon_result r = result();
        r.error = &error;
        finish(call, r);
        return TENON_OK;
    });
}

using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(contract)

BOOST_AUTO_TEST_CASE(a_plugin_that_keeps_it_is_left_alone) {
    const auto none = breaches([](const tenon_request* request, tenon_call call) {
        BOOST_TEST(from_abi(request->body_json) == kHello);
        BOOST_TEST(emit(call, text("hi")) == TENON_OK);
        BOOST_TEST(finish(call) == TENON_OK);
        return TENON_OK;
    });
    BOOST_TEST(none == Lines{});
}

BOOST_AUTO_TEST_CASE(finishing_twice_is_stale_and_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        finish(call);
        BOOST_TEST(finish(call) == TENON_STALE);
        return TENON_OK;
    });
    BOOST_TEST(lines == Lines{"complete: finish() was called twice"});
}

BOOST_AUTO_TEST_CASE(emitting_after_the_finish_is_stale_and_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        finish(call);
        BOOST_TEST(emit(call, text("late")) == TENON_STALE);
        return TENON_OK;
    });
    BOOST_TEST(lines == Lines{"complete: emit() after finish()"});
}

BOOST_AUTO_TEST_CASE(finishing_what_is_then_refused_is_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        finish(call);
        return TENON_E_UNAVAILABLE;
    });
    BOOST_TEST(lines == Lines{"complete finished the call and then refused it"});
}

BOOST_AUTO_TEST_CASE(finishing_what_was_refused_is_told) {
    FakeHost host;
    bare.complete = [](const tenon_request*, tenon_call) { return TENON_E_OVERLOADED; };
    {
        FakeProvider provider(host, descriptor(), vtable());
        const FakeCall call = provider.start_complete(kHello);
        BOOST_TEST((call.outcome().code() == Code::overloaded));
        BOOST_TEST(host.violations() == Lines{});
        BOOST_TEST(finish(call.handle()) == TENON_STALE);
        BOOST_TEST(emit(call.handle(), text("x")) == TENON_STALE);
    }
    BOOST_TEST(host.violations() == (Lines{"complete: finish() after the start was refused",
                                           "complete: emit() after the start was refused"}));
}

BOOST_AUTO_TEST_CASE(refusing_after_deltas_is_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        emit(call, text("x"));
        return TENON_E_UNAVAILABLE;
    });
    BOOST_TEST(lines == Lines{"complete emitted deltas and then refused"});
}

BOOST_AUTO_TEST_CASE(refusing_with_a_status_that_is_no_error_is_told) {
    const auto lines =
        breaches([](const tenon_request*, tenon_call) { return tenon_status{TENON_AGAIN}; });
    BOOST_TEST(lines == Lines{"complete refused with the status 3, which is not an error"});
}

BOOST_AUTO_TEST_CASE(a_handle_that_never_existed_is_stale_and_told) {
    FakeHost host;
    const tenon_host& table = *host.table();
    const tenon_result r = result();
    const tenon_delta d = text("x");
    BOOST_TEST(table.finish(table.ctx, 77, &r) == TENON_STALE);
    BOOST_TEST(table.emit(table.ctx, 0, &d) == TENON_STALE);
    BOOST_TEST(table.is_cancelled(table.ctx, 77) == 1);
    BOOST_TEST(host.violations() == (Lines{"finish() for a call that never existed",
                                           "emit() for a call that never existed"}));
}

BOOST_AUTO_TEST_CASE(after_the_deadline_finish_is_stale_but_no_breach) {
    StrictHost host;
    tenon_call late = 0;
    bare.complete = [&](const tenon_request*, tenon_call call) {
        late = call;
        return TENON_OK;
    };
    FakeProvider provider(host, descriptor(), vtable());
    const FakeCall call = provider.start_complete(kHello, {.timeout = std::chrono::seconds(1)});
    host.advance(std::chrono::seconds(1));
    BOOST_TEST((call.outcome().code() == Code::deadline));
    BOOST_TEST(!call.finished());
    BOOST_TEST(emit(late, text("x")) == TENON_CANCELLED);
    BOOST_TEST(finish(late) == TENON_STALE);
    BOOST_TEST(call.finished());
    BOOST_TEST((call.outcome().code() == Code::deadline));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_no_json_object_is_told) {
    BOOST_TEST(breaches_of_result(result("[1]")) ==
               Lines{R"(complete: the body is not a JSON object: "[1]")"});
}

BOOST_AUTO_TEST_CASE(a_result_of_a_wrong_size_is_an_internal_error) {
    tenon_result r = result();
    r.struct_size = 8;
    BOOST_TEST(breaches_of_result(r) == Lines{"complete: finish() without a whole tenon_result"});
}

BOOST_AUTO_TEST_CASE(vectors_and_connections_belong_to_their_operations) {
    const float numbers[] = {1};
    tenon_result r = result();
    r.vectors = numbers;
    r.n_vectors = r.dimensions = 1;
    BOOST_TEST(breaches_of_result(r) == Lines{"complete: only embed answers vectors"});
}

BOOST_AUTO_TEST_CASE(a_model_list_without_a_body_is_told) {
    FakeHost host;
    bare.list_models = [](tenon_call call) {
        finish(call);
        return TENON_OK;
    };
    { FakeProvider(host, descriptor(), vtable()).list_models(); }
    BOOST_TEST(host.violations() == Lines{"list_models: it succeeded without a body"});
}

BOOST_AUTO_TEST_CASE(deltas_of_another_operation_are_told) {
    FakeHost host;
    bare.list_models = [](tenon_call call) {
        emit(call, text("x"));
        finish(call, result("{}"));
        return TENON_OK;
    };
    { FakeProvider(host, descriptor(), vtable()).list_models(); }
    BOOST_TEST(host.violations() == Lines{"list_models: only complete emits deltas"});
}

BOOST_AUTO_TEST_CASE(malformed_deltas_are_told) {
    tenon_delta delta = text("x");
    delta.struct_size = 4;
    BOOST_TEST(breaches_of_delta(delta) == Lines{"complete: a delta has the struct_size 4"});
    delta = text("x");
    delta.kind = 99;
    BOOST_TEST(breaches_of_delta(delta) == Lines{"complete: a delta has the unknown kind 99"});
    delta = text("x");
    delta.raw = {"data: x", 7};
    BOOST_TEST(breaches_of_delta(delta) ==
               Lines{R"(complete: a raw chunk is not a JSON object: "data: x")"});
    delta = text("[]");
    delta.kind = TENON_DELTA_USAGE;
    BOOST_TEST(breaches_of_delta(delta) ==
               Lines{R"(complete: the data of a usage or metadata delta is not a JSON object: )"
                     R"("[]")"});
    delta = text("{}");
    delta.kind = TENON_DELTA_TOOL_CALL;
    BOOST_TEST(breaches_of_delta(delta) ==
               Lines{"complete: the first fragment of tool call 0 has no id or no name"});
    delta = text("x");
    delta.flags = TENON_DELTA_SAME_CHUNK;
    BOOST_TEST(breaches_of_delta(delta) ==
               Lines{"complete: the first delta says that it is of the same chunk as the one "
                     "before"});
}

BOOST_AUTO_TEST_CASE(a_character_may_be_cut_between_deltas_but_not_missing) {
    BOOST_TEST(breaches([](const tenon_request*, tenon_call call) {
                   emit(call, text("\xC3"));
                   emit(call, text("\xA9"));
                   finish(call);
                   return TENON_OK;
               }) == Lines{});
    BOOST_TEST(breaches_of_delta(text("\xC3")) ==
               Lines{"complete: the joined text of the deltas is not UTF-8"});
}

BOOST_AUTO_TEST_CASE(malformed_errors_are_told) {
    const Error good(Code::unavailable, "down");
    BOOST_TEST(breaches_of_error(good.to_abi()) == Lines{});
    tenon_error error = good.to_abi();
    error.code = TENON_OK;
    BOOST_TEST(breaches_of_error(error) ==
               Lines{"complete: an error has the code 0, which is not an error"});
    error = good.to_abi();
    error.message = {};
    BOOST_TEST(breaches_of_error(error) == Lines{"complete: an error has no message"});
    error = good.to_abi();
    error.scope = 9;
    BOOST_TEST(breaches_of_error(error) == Lines{"complete: an error has the unknown scope 9"});
    error = good.to_abi();
    error.http_status = 42;
    BOOST_TEST(breaches_of_error(error) == Lines{"complete: an error has the HTTP status 42"});
    error = good.to_abi();
    error.detail_json = {"no", 2};
    BOOST_TEST(breaches_of_error(error) ==
               Lines{R"(complete: an error's details are not a JSON object: "no")"});
}

BOOST_AUTO_TEST_CASE(malformed_http_requests_are_refused_and_told) {
    static const tenon_header bad_headers[] = {{{"Host", 4}, {"x", 1}}, {{"a b", 3}, {"x", 1}}};
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        const HostRef host(bare.host);
        tenon_http_sink sink{};
        sink.struct_size = sizeof sink;
        tenon_http_request request{};
        request.struct_size = sizeof request;
        request.method = {"GET", 3};
        request.url = {"https://a:b@c/", 14};
        request.headers = bad_headers;
        request.n_headers = 2;
        request.timeout_ms = -1;
        BOOST_TEST(host.http()->send(host.ctx(), call, &request, &sink) == 0u);
        finish(call);
        return TENON_OK;
    });
    BOOST_TEST(lines ==
               (Lines{"an HTTP request was sent without on_done",
                      "the URL contains user information", "an HTTP request has a negative timeout",
                      R"(the HTTP header "Host" belongs to the host)",
                      R"(an HTTP header has the name "a b")"}));
}

BOOST_AUTO_TEST_CASE(services_for_a_call_that_has_ended_are_refused_and_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        const HostRef host(bare.host);
        finish(call);
        const auto fn = [](void*, tenon_status) noexcept {};
        BOOST_TEST(host.timer()->start(host.ctx(), call, 0, fn, nullptr) == 0u);
        BOOST_TEST(host.timer()->start(host.ctx(), 99, 0, fn, nullptr) == 0u);
        BOOST_TEST(host.timer()->start(host.ctx(), call, -1, fn, nullptr) == 0u);
        BOOST_TEST((host.json()->request(host.ctx(), call) == nullptr));
        return TENON_OK;
    });
    BOOST_TEST(lines == (Lines{"a timer was started for a call that has ended",
                               "a timer was started for an unknown call",
                               "a timer was started without a function or with a negative delay"}));
}

BOOST_AUTO_TEST_CASE(a_stable_body_that_changes_is_told) {
    static std::string body;
    body = "before";
    FakeHost host;
    host.http().respond({});
    bare.complete = [](const tenon_request*, tenon_call call) {
        const HostRef ref(bare.host);
        tenon_http_sink sink{};
        sink.struct_size = sizeof sink;
        sink.user = reinterpret_cast<void*>(call);
        sink.on_done = [](void* user, const tenon_error*) noexcept {
            finish(reinterpret_cast<tenon_call>(user));
        };
        tenon_http_request request{};
        request.struct_size = sizeof request;
        request.flags = TENON_HTTP_STABLE_BODY;
        request.method = {"POST", 4};
        request.url = {"http://x/", 9};
        request.body = to_abi(body);
        ref.http()->send(ref.ctx(), call, &request, &sink);
        body[0] = 'X';
        return TENON_OK;
    };
    { FakeProvider(host, descriptor(), vtable()).complete(kHello); }
    BOOST_TEST(host.violations() == Lines{"the body of POST http://x/ changed although the plugin "
                                          "called it stable"});
}

BOOST_AUTO_TEST_CASE(documents_that_are_not_released_are_told) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        const HostRef host(bare.host);
        const tenon_str json = {"{}", 2};
        host.json()->parse(host.ctx(), &json, nullptr);
        finish(call);
        return TENON_OK;
    });
    BOOST_TEST(lines == Lines{"1 parsed JSON document(s) were never released"});
}

BOOST_AUTO_TEST_CASE(documents_are_gone_after_their_release_and_after_the_finish) {
    const auto lines = breaches([](const tenon_request*, tenon_call call) {
        const HostRef host(bare.host);
        const tenon_json_v1& json = *host.json();
        const tenon_str text = {"{}", 2};
        const tenon_str whole = {nullptr, 0};
        tenon_json_value value{};
        value.struct_size = sizeof value;
        const auto* own = json.parse(host.ctx(), &text, nullptr);
        const auto* of_request = json.request(host.ctx(), call);
        json.release(host.ctx(), of_request);
        json.release(host.ctx(), own);
        json.release(host.ctx(), own);
        BOOST_TEST(json.get(host.ctx(), of_request, &whole, &value) == TENON_OK);
        finish(call);
        BOOST_TEST(json.get(host.ctx(), of_request, &whole, &value) == TENON_E_INVALID);
        return TENON_OK;
    });
    BOOST_TEST_REQUIRE(lines.size() == 3u);
    BOOST_TEST(lines[0].find("was released that parse() did not return") != std::string::npos);
    BOOST_TEST(lines[0] == lines[1]);
    BOOST_TEST(lines[2].find("was used that has been released") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_request_lives_until_the_last_exchange_of_its_call_has_ended) {
    StrictHost host;
    host.http().respond({.hold = HttpHold::head});
    static std::string_view body;
    bare.complete = [](const tenon_request* request, tenon_call call) {
        const HostRef ref(bare.host);
        body = from_abi(request->body_json);
        tenon_http_sink sink{};
        sink.struct_size = sizeof sink;
        sink.on_done = [](void*, const tenon_error*) noexcept {};
        tenon_http_request out{};
        out.struct_size = sizeof out;
        out.method = {"GET", 3};
        out.url = {"http://x/", 9};
        ref.http()->send(ref.ctx(), call, &out, &sink);
        finish(call);
        return TENON_OK;
    };
    FakeProvider provider(host, descriptor(), vtable());
    provider.start_complete(kHello);
    BOOST_TEST(body == kHello);
    host.run();
}

BOOST_AUTO_TEST_CASE(tables_that_no_host_accepts_are_refused) {
    FakeHost host;
    tenon_vtable no_destroy = vtable();
    no_destroy.destroy = nullptr;
    BOOST_CHECK_THROW(FakeProvider(host, descriptor(), no_destroy), std::invalid_argument);
    tenon_vtable no_operation = vtable();
    no_operation.complete = nullptr;
    BOOST_CHECK_THROW(FakeProvider(host, descriptor(), no_operation), std::invalid_argument);
    tenon_descriptor too_new = descriptor();
    too_new.abi_min_host = TENON_ABI(9, 0);
    BOOST_CHECK_THROW(FakeProvider(host, too_new, vtable()), std::invalid_argument);
    tenon_descriptor connected = descriptor();
    connected.conn_mode = TENON_CONN_EXCLUSIVE;
    BOOST_CHECK_THROW(FakeProvider(host, connected, vtable()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_table_of_an_older_plugin_is_filled_with_defaults) {
    StrictHost host;
    bare.complete = [](const tenon_request*, tenon_call call) {
        finish(call);
        return TENON_OK;
    };
    tenon_vtable older = vtable();
    older.struct_size = offsetof(tenon_vtable, embed);
    FakeProvider provider(host, descriptor(), older);
    BOOST_TEST(provider.complete(kHello).ok());
    BOOST_TEST(provider.list_models().body == R"({"data":[]})");
}

BOOST_AUTO_TEST_SUITE_END()
