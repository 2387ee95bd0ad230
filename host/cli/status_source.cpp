#include "cli/status_source.hpp"

#include <chrono>

#include "base/clock.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "gateway/admin/status_json.hpp"
#include "store/state_store.hpp"
#include "tenon/abi/version.h"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

const store::ProviderRecord* record_of(const store::Snapshot& snapshot, const std::string& name) {
    for (const store::ProviderRecord& record : snapshot.providers) {
        if (record.provider == name) return &record;
    }
    return nullptr;
}

void write_stored(wire::JsonWriter& json, const store::ProviderRecord& record) {
    json.key("stored");
    json.begin_object();
    json.key("last");
    if (record.last) {
        const system_clock::time_point since{milliseconds(record.last->since)};
        const auto age = std::chrono::duration_cast<milliseconds>(system_clock::now() - since);
        json.begin_object();
        json.member("state", record.last->name);
        json.member("reason", record.last->reason);
        json.member("since", base::format_utc(since));
        json.member("age_ms", age.count());
        json.end_object();
    } else {
        json.null();
    }
    json.end_object();
}

/// What the operator wants, as a daemon would take it over at its start.
void apply(const store::Snapshot& snapshot, std::vector<host::ProviderStatus>& all) {
    for (host::ProviderStatus& status : all) {
        const auto* record = record_of(snapshot, status.name);
        if (record == nullptr) continue;
        status.enabled = record->enabled.value_or(status.enabled);
        if (record->wanted) status.wanted = to_string(*record->wanted);
    }
}

/// The providers with what the store says of each.
std::string with_stored(wire::JsonView providers, const store::Snapshot& snapshot) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_array();
    for (const wire::JsonView provider : providers.elements()) {
        json.begin_object();
        for (const auto& [name, value] : provider.members()) {
            json.key(name);
            value.write(json);
        }
        const auto* record =
            record_of(snapshot, std::string(provider["name"].as_string().value_or("")));
        if (record != nullptr) write_stored(json, *record);
        json.end_object();
    }
    json.end_array();
    return out;
}

/// What is kept; nothing, and why in `remark`, if it cannot be read. Makes no file.
store::Snapshot read_store(const std::filesystem::path& file, std::string& remark) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return {};
    const auto store = store::StateStore::open(file, store::Mode::guest);
    if (!store) {
        remark += "\n" + store.error().message;
        return {};
    }
    auto snapshot = (*store)->read();
    if (snapshot) return *std::move(snapshot);
    remark += "\n" + snapshot.error().message;
    return {};
}

}  // namespace

std::vector<wire::JsonView> StatusAnswer::providers() const {
    std::vector<wire::JsonView> out;
    if (!document) return out;
    const auto root = document->root();
    for (const auto provider : (from_daemon ? root["providers"] : root).elements()) {
        out.push_back(provider);
    }
    return out;
}

StatusSource::StatusSource(const GlobalOptions& global, bool probe)
    : global_(global), probe_(probe), daemon_(daemon_client(global)) {}

StatusAnswer StatusSource::fetch(const std::stop_token& stop) {
    StatusAnswer answer;
    if (!daemon_.client) {
        answer.status = daemon_.status;
        return answer;
    }
    auto document = daemon_.client->get("/admin/v1/status", stop);
    if (!document) {
        if (says_no_daemon(document.error())) return ask_this_process(document.error().message);
        answer.status = report_daemon_failure(document.error());
        return answer;
    }
    host_.reset();
    answer.from_daemon = true;
    answer.document = *std::move(document);
    const auto version = answer.document->root()["version"].as_string().value_or("unknown");
    if (version != TENON_VERSION_STRING) {
        answer.remark = "the daemon is of version " + std::string(version) +
                        ", and this program of " TENON_VERSION_STRING;
    }
    return answer;
}

StatusAnswer StatusSource::ask_this_process(const std::string& why) {
    StatusAnswer answer;
    if (host_ == nullptr) {
        auto opened = open_host(global_);
        answer.status = opened.status;
        if (!opened.host) return answer;
        host_ = std::move(opened.host);
    }
    answer.remark = why + ", so this is what the command itself has found out; " + kHowToStart;
    const auto snapshot = read_store(daemon_.places.state_file, answer.remark);
    auto all = host_->status(probe_);
    apply(snapshot, all);
    auto document = wire::JsonDocument::parse(gateway::to_json(all, host_->statistics()));
    if (document) document = wire::JsonDocument::parse(with_stored(document->root(), snapshot));
    if (!document) {
        answer.status = report_failure(document.error());
        return answer;
    }
    answer.document = *std::move(document);
    return answer;
}

}  // namespace tenon::cli
