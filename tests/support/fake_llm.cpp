#include "support/fake_llm.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

#include "support/fake_api.hpp"
#include "support/fake_model.hpp"

namespace tenon::test {
namespace {

constexpr std::string_view kFault = "fault-";
constexpr std::string_view kFlaky = "flaky-";

// The number in "flaky-N" or "flaky-N-anything".
int failures_before_success(std::string_view model) {
    model.remove_prefix(kFlaky.size());
    int count = 0;
    std::from_chars(model.data(), model.data() + model.size(), count);
    return count;
}

const FakeRoute* route_of(const ReceivedRequest& request) {
    const std::string_view path =
        std::string_view(request.target).substr(0, request.target.find('?'));
    for (const auto* routes : {&openai_routes(), &ollama_routes()}) {
        for (const FakeRoute& route : *routes) {
            if (route.method == request.method && route.path == path) {
                return &route;
            }
        }
    }
    return nullptr;
}

}  // namespace

bool knows_model(const FakeCall& call, std::string_view model) {
    const std::vector<std::string>& models = call.options.models;
    return models.empty() || model.starts_with(kFault) || model.starts_with(kFlaky) ||
           std::find(models.begin(), models.end(), model) != models.end();
}

void send_response(Conn& conn, const FakeResponse& response, const FakeLlmOptions& options) {
    const Framing framing =
        options.framing.value_or(response.stream ? Framing::chunked : Framing::content_length);
    std::string whole;
    for (const std::string& piece : response.pieces) {
        whole += piece;
    }
    if (!response.stream) {
        conn.respond(response.status, response.headers, whole, framing);
        return;
    }
    Headers headers = response.headers;
    if (framing == Framing::content_length) {
        headers.emplace_back("Content-Length", std::to_string(whole.size()));
    }
    conn.start_response(response.status, headers, framing);
    for (const std::string& piece : response.pieces) {
        if (options.stream_gate && !conn.wait(*options.stream_gate)) {
            conn.drop();
            return;
        }
        if (options.piece_delay.count() > 0 && !conn.pause(options.piece_delay)) {
            return;
        }
        conn.write_body(piece);
    }
    conn.finish_response();
}

class FakeLlm::Impl {
public:
    explicit Impl(FakeLlmOptions options)
        : options_(std::move(options)),
          server_([this](Conn& conn, const ReceivedRequest& request) { handle(conn, request); },
                  options_.server) {}

    ScriptedServer& server() noexcept { return server_; }

    void set_fault(std::optional<std::string> fault) {
        const std::lock_guard lock(mutex_);
        fault_ = std::move(fault);
    }

private:
    void handle(Conn& conn, const ReceivedRequest& request) {
        rapidjson::Document body;
        body.Parse(request.body.data(), request.body.size());
        const FakeCall call{options_, request, body, next_number()};
        const FakeRoute* const route = route_of(request);
        if (request.target == "/fake/fault") {
            control_fault(conn, request);
        } else if (route == nullptr) {
            refuse(
                conn, call,
                {.status = 404,
                 .message = "Unknown request URL: " + request.method + " " + request.target + ".",
                 .type = "invalid_request_error",
                 .code = "unknown_url",
                 .param = {}});
        } else if (!may_pass(request)) {
            // Like the real ones, it repeats the key: clients must not log this.
            refuse(conn, call,
                   {.status = 401,
                    .message = "Incorrect API key provided: " +
                               request.header("Authorization").value_or("none") + ".",
                    .type = "invalid_request_error",
                    .code = "invalid_api_key",
                    .param = {}});
        } else if (!request.body.empty() && (body.HasParseError() || !body.IsObject())) {
            refuse(conn, call,
                   {.status = 400,
                    .message = "We could not parse the JSON body of your request.",
                    .type = "invalid_request_error",
                    .code = {},
                    .param = {}});
        } else {
            answer(conn, call, *route);
        }
    }

    void answer(Conn& conn, const FakeCall& call, const FakeRoute& route) {
        FakeResponse response = route.answer(call);
        const std::string fault = fault_for(string_member(call.body, "model"));
        if (fault.empty()) {
            send_response(conn, response, options_);
        } else if (!play_fault(conn, fault, call, route.api, std::move(response))) {
            refuse(conn, call,
                   {.status = 404,
                    .message = "There is no fault \"" + fault + "\".",
                    .type = "invalid_request_error",
                    .code = "model_not_found",
                    .param = "model"});
        }
    }

    void refuse(Conn& conn, const FakeCall& call, const FakeProblem& problem) {
        const bool native = call.http.target.starts_with("/api/");
        const FakeApi& api = native ? kOllamaApi : kOpenAiApi;
        send_response(conn, api.problem(call, problem), options_);
    }

    void control_fault(Conn& conn, const ReceivedRequest& request) {
        set_fault(request.method == "DELETE" ? std::nullopt : std::optional(request.body));
        conn.respond(204, {}, "");
    }

    [[nodiscard]] bool may_pass(const ReceivedRequest& request) const {
        const bool is_api =
            request.target.starts_with("/v1/") || request.target.starts_with("/api/");
        return !is_api || options_.api_key.empty() ||
               request.header("Authorization") == "Bearer " + options_.api_key;
    }

    // Empty = none.
    std::string fault_for(std::string_view model) {
        const std::lock_guard lock(mutex_);
        if (fault_) {
            return *fault_;
        }
        if (model.starts_with(kFault)) {
            return std::string(model.substr(kFault.size()));
        }
        if (model.starts_with(kFlaky) &&
            flaky_requests_[std::string(model)]++ < failures_before_success(model)) {
            return "503";
        }
        return "";
    }

    int next_number() {
        const std::lock_guard lock(mutex_);
        return ++requests_;
    }

    const FakeLlmOptions options_;
    std::mutex mutex_;  // guards the next three
    std::optional<std::string> fault_;
    std::map<std::string, int> flaky_requests_;
    int requests_ = 0;
    ScriptedServer server_;  // last: its threads use all above
};

FakeLlm::FakeLlm(FakeLlmOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

FakeLlm::~FakeLlm() = default;

std::string FakeLlm::url() const {
    return impl_->server().url();
}

std::string FakeLlm::openai_url() const {
    return impl_->server().url("/v1");
}

ScriptedServer& FakeLlm::server() noexcept {
    return impl_->server();
}

void FakeLlm::set_fault(std::optional<std::string> fault) {
    impl_->set_fault(std::move(fault));
}

}  // namespace tenon::test
