#include "testing/fake_checks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "tenon/json_text.hpp"
#include "tenon/testing/json_service.hpp"

namespace tenon::testing {
namespace {

using Breaches = std::vector<std::string>;

/// Enough of the text for a person to recognise it.
std::string quoted(std::string_view text) {
    constexpr std::size_t kLongest = 80;
    std::string out;
    append_json_string(out, text.substr(0, kLongest));
    return out;
}

bool starts_new_tool_call(const CallRecord& call, const tenon_delta& delta) {
    return std::none_of(call.outcome.deltas.begin(), call.outcome.deltas.end(),
                        [&](const EmittedDelta& before) {
                            return before.kind == TENON_DELTA_TOOL_CALL &&
                                   before.index == delta.index && before.choice == delta.choice;
                        });
}

bool is_function(const CallRecord& call, std::string_view name) {
    return call.function == name;
}

void check_success(const CallRecord& call, const tenon_result& result, Breaches& out) {
    const std::string_view body = from_abi(result.body_json);
    const bool has_vectors = result.vectors != nullptr;
    if (is_function(call, "connect")) {
        if (result.conn == nullptr) out.push_back("connect succeeded without a connection");
        return;
    }
    if (!body.empty() && !is_json_object(body)) {
        out.push_back("the body is not a JSON object: " + quoted(body));
    }
    const bool needs_body = is_function(call, "rerank") || is_function(call, "list_models");
    if (needs_body && body.empty()) out.push_back("it succeeded without a body");
    if (is_function(call, "embed") && body.empty() && !has_vectors) {
        out.push_back("it succeeded with neither body nor vectors");
    }
}

bool is_token(std::string_view text) noexcept {
    constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
        return std::isalnum(c) != 0 || kOther.find(static_cast<char>(c)) != kOther.npos;
    });
}

bool is_hosts_own_header(std::string_view name) {
    constexpr std::array<std::string_view, 4> kOwn = {"host", "content-length", "connection",
                                                      "transfer-encoding"};
    std::string lower(name);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::find(kOwn.begin(), kOwn.end(), lower) != kOwn.end();
}

void check_url(std::string_view url, Breaches& out) {
    const std::size_t scheme = url.find("://");
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        out.push_back("the URL is not an absolute http or https URL: " + quoted(url));
        return;
    }
    const std::string_view rest = url.substr(scheme + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.empty()) out.push_back("the URL names no host: " + quoted(url));
    if (authority.find('@') != std::string_view::npos) {
        out.push_back("the URL contains user information");
    }
}

}  // namespace

bool is_json_object(std::string_view text) {
    const tenon_str in = to_abi(text);
    const tenon_json_document* document = json_service::parse(&in, nullptr);
    if (document == nullptr) return false;
    tenon_json_value value{};
    value.struct_size = sizeof value;
    const tenon_str whole = {nullptr, 0};
    const bool found = json_service::get(document, &whole, &value) == TENON_OK;
    json_service::release(document);
    return found && value.type == TENON_JSON_OBJECT;
}

Breaches check_delta(const CallRecord& call, const tenon_delta& delta) {
    Breaches out;
    if (delta.struct_size < sizeof(tenon_delta)) {
        return {"a delta has the struct_size " + std::to_string(delta.struct_size)};
    }
    if (!is_function(call, "complete")) out.push_back("only complete emits deltas");
    if (delta.kind > TENON_DELTA_META) {
        out.push_back("a delta has the unknown kind " + std::to_string(delta.kind));
    }
    const std::string_view data = from_abi(delta.data);
    const std::string_view raw = from_abi(delta.raw);
    const bool is_json = delta.kind == TENON_DELTA_USAGE || delta.kind == TENON_DELTA_META;
    if (is_json && !is_json_object(data)) {
        out.push_back("the data of a usage or metadata delta is not a JSON object: " +
                      quoted(data));
    }
    if (!raw.empty() && !is_json_object(raw)) {
        out.push_back("a raw chunk is not a JSON object: " + quoted(raw));
    }
    if ((delta.flags & TENON_DELTA_SAME_CHUNK) != 0 && call.outcome.deltas.empty()) {
        out.push_back("the first delta says that it is of the same chunk as the one before");
    }
    const bool named = delta.tool_call_id.len != 0 && delta.tool_name.len != 0;
    if (delta.kind == TENON_DELTA_TOOL_CALL && !named && starts_new_tool_call(call, delta)) {
        out.push_back("the first fragment of tool call " + std::to_string(delta.index) +
                      " has no id or no name");
    }
    return out;
}

Breaches check_error(const tenon_error& error) {
    Breaches out;
    if (error.struct_size < sizeof(tenon_error)) {
        return {"an error has the struct_size " + std::to_string(error.struct_size)};
    }
    if (error.code >= 0 && error.code != TENON_CANCELLED) {
        out.push_back("an error has the code " + std::to_string(error.code) +
                      ", which is not an error");
    }
    if (error.scope > TENON_SCOPE_PROVIDER) {
        out.push_back("an error has the unknown scope " + std::to_string(error.scope));
    }
    if (error.message.len == 0) out.push_back("an error has no message");
    if (!is_valid_utf8(from_abi(error.message))) {
        out.push_back("an error's message is not UTF-8");
    }
    if (error.http_status != 0 && (error.http_status < 100 || error.http_status > 599)) {
        out.push_back("an error has the HTTP status " + std::to_string(error.http_status));
    }
    if (error.detail_json.len != 0 && !is_json_object(from_abi(error.detail_json))) {
        out.push_back("an error's details are not a JSON object: " +
                      quoted(from_abi(error.detail_json)));
    }
    return out;
}

Breaches check_result(const CallRecord& call, const tenon_result& result) {
    Breaches out;
    if (result.error != nullptr) {
        out = check_error(*result.error);
    } else {
        check_success(call, result, out);
    }
    const bool wants_connection = is_function(call, "connect") && result.error == nullptr;
    if (result.conn != nullptr && !wants_connection) {
        out.push_back("a connection came with something else than the success of connect");
    }
    const bool has_vectors = result.vectors != nullptr;
    if (has_vectors && !is_function(call, "embed")) out.push_back("only embed answers vectors");
    if (has_vectors && (result.n_vectors == 0 || result.dimensions == 0)) {
        out.push_back("there are vectors, but their number or length is zero");
    }
    if (!is_valid_utf8(call.outcome.text()) || !is_valid_utf8(call.outcome.reasoning())) {
        out.push_back("the joined text of the deltas is not UTF-8");
    }
    return out;
}

Breaches check_request(const tenon_http_request& request, const tenon_http_sink& sink) {
    Breaches out;
    if (request.struct_size < sizeof(tenon_http_request)) {
        return {"an HTTP request has the struct_size " + std::to_string(request.struct_size)};
    }
    if (sink.struct_size < sizeof(tenon_http_sink)) {
        return {"an HTTP sink has the struct_size " + std::to_string(sink.struct_size)};
    }
    if (sink.on_done == nullptr) out.push_back("an HTTP request was sent without on_done");
    if (!is_token(from_abi(request.method))) {
        out.push_back("an HTTP request has the method " + quoted(from_abi(request.method)));
    }
    check_url(from_abi(request.url), out);
    if (request.timeout_ms < 0) out.push_back("an HTTP request has a negative timeout");
    for (std::size_t i = 0; i < request.n_headers; ++i) {
        const std::string_view name = from_abi(request.headers[i].name);
        const std::string_view value = from_abi(request.headers[i].value);
        if (!is_token(name)) out.push_back("an HTTP header has the name " + quoted(name));
        if (is_hosts_own_header(name)) {
            out.push_back("the HTTP header " + quoted(name) + " belongs to the host");
        }
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
            out.push_back("the value of the HTTP header " + quoted(name) + " has a line break");
        }
    }
    return out;
}

}  // namespace tenon::testing
