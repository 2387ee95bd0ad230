#include "cli/plugin_cases.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/duration.hpp"
#include "config/provider_schema.hpp"
#include "tenon/host/host.hpp"

namespace tenon::cli {
namespace {

using std::chrono::milliseconds;

/// The plugin takes at most so long to let go of a request that was cancelled.
constexpr milliseconds kCancelTime{5'000};
constexpr milliseconds kPollTime{10};
constexpr std::string_view kPrompt = "Grüße 🌍 こんにちは مرحبا";

/// One plugin in a host of its own, with one provider for each of its kinds.
class Bench {
public:
    explicit Bench(const PluginsCheckOptions& options) : options_(options) {
        host::HostOptions host_options;
        host_options.log_level = "warn";
        host_options.load_installed_plugins = false;
        auto opened = host::Host::open(host_options);
        if (!opened) {
            problem_ = opened.error().message;
            return;
        }
        host_ = *std::move(opened);
        if (const auto loaded = host_->load_plugins(options.file); !loaded) {
            problem_ = loaded.error().message;
        }
        kinds_ = host_->kinds();
    }

    /// Empty, or why nothing can be tried.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] const std::vector<host::KindInfo>& kinds() const noexcept { return kinds_; }
    [[nodiscard]] host::Host& host() noexcept { return *host_; }

    Result<void> create(const host::KindInfo& kind, const std::string& name) {
        host::ProviderOptions provider;
        provider.name = name;
        provider.kind = kind.id;
        provider.config_json = options_.config_json;
        return host_->add_provider(provider);
    }

    /// What is wrong once all requests have ended; empty = nothing.
    [[nodiscard]] std::string fault_after_all() {
        const auto until = std::chrono::steady_clock::now() + kCancelTime;
        for (;;) {
            std::uint64_t unfinished = 0;
            std::uint64_t misbehaviours = 0;
            for (const host::ProviderStatus& status : host_->status()) {
                unfinished += status.unfinished;
                misbehaviours += status.misbehaviours;
            }
            if (misbehaviours > 0) {
                return "the plugin broke rules of the ABI, " + std::to_string(misbehaviours) +
                       " in all; the log names them";
            }
            if (unfinished == 0) return {};
            if (std::chrono::steady_clock::now() > until) {
                return "the plugin still holds " + std::to_string(unfinished) + " request(s) " +
                       base::format_duration(kCancelTime) +
                       " after their end; call finish() for each, soon after cancel()";
            }
            std::this_thread::sleep_for(kPollTime);
        }
    }

private:
    const PluginsCheckOptions& options_;
    std::unique_ptr<host::Host> host_;
    std::vector<host::KindInfo> kinds_;
    std::string problem_;
};

bool can(const host::KindInfo& kind, std::string_view operation) {
    return std::find(kind.operations.begin(), kind.operations.end(), operation) !=
           kind.operations.end();
}

CaseResult failed(std::string message) {
    return {CaseStatus::failed, std::move(message)};
}
CaseResult skipped(std::string message) {
    return {CaseStatus::skipped, std::move(message)};
}

/// Runs `act(bench, kind)` for every kind that has `operation` (empty = all), with a provider of
/// the kind's own name; `act` returns what it saw, or an error that fails the case.
template <class Act>
CaseResult for_each_kind(const PluginsCheckOptions& options, std::string_view operation,
                         const Act& act) {
    Bench bench(options);
    if (!bench.problem().empty()) return failed(bench.problem());
    std::string seen;
    for (const host::KindInfo& kind : bench.kinds()) {
        if (!operation.empty() && !can(kind, operation)) continue;
        if (const auto created = bench.create(kind, kind.id); !created) {
            if (options.config_json == "{}" && created.error().code == Code::invalid) {
                return skipped(created.error().message + "; give a configuration with --config");
            }
            return failed(created.error().message);
        }
        const Result<std::string> result = act(bench, kind);
        if (!result) return failed(kind.id + ": " + result.error().message);
        seen += (seen.empty() ? "" : "; ") + kind.id + ": " + *result;
    }
    if (seen.empty()) return skipped("no kind of this plugin can " + std::string(operation));
    if (const std::string fault = bench.fault_after_all(); !fault.empty()) return failed(fault);
    return {CaseStatus::passed, seen};
}

/// An operation that ended: well, or with an error that a person can use. A defect is not usable.
Result<std::string> usable_end(const Error& error) {
    if (error.code == Code::internal || error.message.empty()) {
        return Error(Code::internal, "ended with a defect: " + error.message);
    }
    if (error.code == Code::deadline) return error;
    return "ended with a clear error (" + std::string(to_string(error.code)) + ")";
}

CaseResult load(const PluginsCheckOptions& options) {
    Bench bench(options);
    if (!bench.problem().empty()) return failed(bench.problem());
    std::string names;
    for (const host::KindInfo& kind : bench.kinds()) {
        names += (names.empty() ? "" : ", ") + kind.id + " " + kind.version;
    }
    return {CaseStatus::passed, names};
}

CaseResult description(const PluginsCheckOptions& options) {
    Bench bench(options);
    if (!bench.problem().empty()) return failed(bench.problem());
    for (const host::KindInfo& kind : bench.kinds()) {
        if (kind.name.empty() || kind.version.empty()) {
            return failed(kind.id +
                          ": name and version must not be empty; people choose plugins by them");
        }
        const auto schema = config::ProviderSchema::parse(kind.config_schema_json);
        if (!schema) return failed(kind.id + ": config_schema_json: " + schema.error().message);
    }
    return {CaseStatus::passed, "names, versions and configuration schemas are good"};
}

CaseResult create(const PluginsCheckOptions& options) {
    return for_each_kind(options, "",
                         [](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
                             // A second one beside the first: nothing of a provider may be global.
                             if (auto again = bench.create(kind, kind.id + ".2"); !again) {
                                 return std::move(again).error();
                             }
                             return std::string("created twice");
                         });
}

CaseResult health(const PluginsCheckOptions& options) {
    return for_each_kind(options, "health_check",
                         [](Bench& bench, const host::KindInfo&) -> Result<std::string> {
                             for (const host::ProviderStatus& status : bench.host().status(true)) {
                                 if (status.healthy) return std::string("healthy");
                                 return "not healthy (" + status.last_error + ")";
                             }
                             return std::string("no provider");
                         });
}

host::ChatRequest chat_request(const host::KindInfo& kind, const PluginsCheckOptions& options) {
    host::ChatRequest request;
    request.provider = kind.id;
    request.model = options.model;
    request.messages.push_back({"user", std::string(kPrompt)});
    request.options.timeout = std::max<milliseconds>(options.timeout / 4, milliseconds(1));
    request.options.max_attempts = 1;  // what the plugin says, not what a retry makes of it
    return request;
}

CaseResult complete(const PluginsCheckOptions& options) {
    return for_each_kind(options, "complete",
                         [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
                             const auto answer = bench.host().complete(chat_request(kind, options));
                             if (!answer) return usable_end(answer.error());
                             return "answered " + std::to_string(answer->text.size()) + " bytes";
                         });
}

CaseResult stream(const PluginsCheckOptions& options) {
    return for_each_kind(
        options, "complete", [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
            std::size_t deltas = 0;
            std::string text;
            const auto answer = bench.host().complete(
                chat_request(kind, options), [&](const host::StreamDelta& delta) {
                    ++deltas;
                    if (delta.kind == host::DeltaKind::text && delta.choice == 0) {
                        text += delta.text;
                    }
                });
            if (!answer) return usable_end(answer.error());
            if (text != answer->text) {
                return Error(Code::protocol, "the deltas make another text than the answer has");
            }
            return "streamed " + std::to_string(deltas) + " deltas";
        });
}

CaseResult cancel(const PluginsCheckOptions& options) {
    return for_each_kind(
        options, "complete", [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
            std::stop_source stop;
            stop.request_stop();
            const auto answer = bench.host().complete(
                chat_request(kind, options), [](const host::StreamDelta&) {}, stop.get_token());
            if (answer) return std::string("had ended before it was cancelled");
            if (answer.error().code != Code::cancelled) return usable_end(answer.error());
            return std::string("cancelled");
        });
}

CaseResult deadline(const PluginsCheckOptions& options) {
    return for_each_kind(options, "complete",
                         [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
                             host::ChatRequest request = chat_request(kind, options);
                             request.options.timeout = milliseconds(1);
                             const auto answer = bench.host().complete(request);
                             if (answer) return std::string("answered within the deadline");
                             if (answer.error().code != Code::deadline)
                                 return usable_end(answer.error());
                             return std::string("ended at the deadline");
                         });
}

CaseResult concurrency(const PluginsCheckOptions& options) {
    return for_each_kind(
        options, "complete", [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
            constexpr int kRequests = 8;
            struct State {
                std::mutex mutex;
                std::condition_variable changed;
                int missing = kRequests;
                Result<std::string> defect{std::string()};
            };
            const auto state = std::make_shared<State>();
            for (int i = 0; i < kRequests; ++i) {
                bench.host().start_complete(
                    chat_request(kind, options), i % 2 == 0 ? host::OnDelta() : [](const auto&) {},
                    [state](Result<host::ChatAnswer> answer) {
                        const std::lock_guard lock(state->mutex);
                        if (!answer) {
                            auto end = usable_end(answer.error());
                            if (!end) state->defect = std::move(end);
                        }
                        --state->missing;
                        state->changed.notify_all();
                    });
            }
            std::unique_lock lock(state->mutex);
            state->changed.wait(lock, [&] { return state->missing == 0; });
            if (!state->defect) return state->defect;
            return std::to_string(kRequests) + " at once";
        });
}

CaseResult embed(const PluginsCheckOptions& options) {
    return for_each_kind(
        options, "embed", [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
            host::EmbeddingRequest request;
            request.provider = kind.id;
            request.model = options.model;
            request.inputs = {std::string(kPrompt), "second"};
            const auto answer = bench.host().embed(request);
            if (!answer) return usable_end(answer.error());
            return "2 vectors of " + std::to_string(answer->vectors.front().size());
        });
}

CaseResult models(const PluginsCheckOptions& options) {
    return for_each_kind(options, "list_models",
                         [&](Bench& bench, const host::KindInfo& kind) -> Result<std::string> {
                             const auto ids = bench.host().models(kind.id);
                             if (!ids) return usable_end(ids.error());
                             return std::to_string(ids->size()) + " models";
                         });
}

/// A request under way is ended by the host's own end, which cancels it and waits for the plugin.
CaseResult shutdown(const PluginsCheckOptions& options) {
    std::string seen;
    auto begin = std::chrono::steady_clock::now();
    {
        Bench bench(options);
        if (!bench.problem().empty()) return failed(bench.problem());
        for (const host::KindInfo& kind : bench.kinds()) {
            if (!can(kind, "complete") || !bench.create(kind, kind.id)) continue;
            bench.host().start_complete(chat_request(kind, options), {},
                                        [](const Result<host::ChatAnswer>&) {});
            seen += (seen.empty() ? "" : ", ") + kind.id;
        }
        begin = std::chrono::steady_clock::now();
    }
    if (seen.empty()) return skipped("no request could be started");
    if (std::chrono::steady_clock::now() - begin > kCancelTime) {
        return failed("the host could not end within " + base::format_duration(kCancelTime) +
                      "; call finish() soon after cancel()");
    }
    return {CaseStatus::passed, seen + ": destroyed with a request under way"};
}

}  // namespace

const std::vector<PluginCase>& plugin_cases() {
    static const std::vector<PluginCase> cases = {
        {"load", "the library loads", load},
        {"description", "it describes itself", description},
        {"create", "providers can be created and destroyed", create},
        {"health", "a health check ends", health},
        {"complete", "a request ends once", complete},
        {"stream", "a stream agrees with its answer", stream},
        {"cancel", "a cancelled request ends", cancel},
        {"deadline", "a request ends at its deadline", deadline},
        {"concurrency", "requests may overlap", concurrency},
        {"embed", "embeddings are complete", embed},
        {"models", "models are listed", models},
        {"shutdown", "it can be shut down at any time", shutdown},
    };
    return cases;
}

std::string_view to_string(CaseStatus status) noexcept {
    switch (status) {
        case CaseStatus::passed: return "passed";
        case CaseStatus::failed: return "failed";
        case CaseStatus::skipped: return "skipped";
    }
    return "failed";
}

}  // namespace tenon::cli
