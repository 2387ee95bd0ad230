#include "gateway/api/model_catalogue.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "gateway/api/key_ring.hpp"
#include "provider/io_waker.hpp"
#include "runtime/host_impl.hpp"

namespace tenon::gateway {

std::vector<ModelEntry> visible_to(const ClientKey& key, std::span<const ModelEntry> models) {
    std::vector<ModelEntry> out;
    const std::set<std::string_view> names(key.config().models.begin(), key.config().models.end());
    for (const std::string_view name : names) {
        const ModelEntry* found = nullptr;
        for (const ModelEntry& model : models) {
            if (model.id == name) {
                found = &model;
                break;
            }
            const std::string_view id = model.id;
            const bool of_owner = id.size() == model.owner.size() + 1 + name.size() &&
                                  id.starts_with(model.owner) && id.ends_with(name);
            if (of_owner && found == nullptr) found = &model;
        }
        if (found != nullptr) out.push_back({std::string(name), found->owner, found->created});
    }
    return out;
}

namespace {

/// Of two with the same id the first one stays.
void sort_by_id(std::vector<ModelEntry>& models) {
    std::stable_sort(models.begin(), models.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    models.erase(std::unique(models.begin(), models.end(),
                             [](const auto& a, const auto& b) { return a.id == b.id; }),
                 models.end());
}

}  // namespace

/// One time of asking all providers. They may answer after nobody waits any more.
struct ModelCatalogue::Round {
    explicit Round(boost::asio::io_context& io) : waker(std::make_shared<provider::IoWaker>(io)) {}

    const std::shared_ptr<provider::IoWaker> waker;
    std::mutex mutex;
    std::size_t missing = 0;
    bool failed = false;  ///< somebody's list is to be asked for again soon
    std::vector<ModelEntry> entries;
};

std::vector<ModelEntry> ModelCatalogue::routes() const {
    std::vector<ModelEntry> out;
    for (const host::RouteInfo& route : host_.routes()) {
        if (route.model.ends_with('*')) continue;  // a pattern
        std::string owner;
        if (!route.tiers.empty() && !route.tiers.front().empty()) {
            owner = route.tiers.front().front().provider;
        }
        out.push_back({route.model, std::move(owner), {}});
    }
    return out;
}

void ModelCatalogue::forget() {
    const std::lock_guard lock(mutex_);
    known_.reset();
    ++forgotten_;
}

net::Awaitable<std::shared_ptr<const std::vector<ModelEntry>>> ModelCatalogue::models(
    std::size_t io_index) {
    const base::Clock& clock = base::steady_clock();
    std::uint64_t forgotten = 0;
    {
        const std::lock_guard lock(mutex_);
        if (known_ && clock.now() < known_until_) co_return known_;
        forgotten = forgotten_;
    }
    const auto round = std::make_shared<Round>(host_.io().context(io_index));
    std::vector<std::string> names;
    for (const host::ProviderStatus& status : host_.status(false)) {
        if (status.enabled && status.state != "misconfigured") names.push_back(status.name);
    }
    round->missing = names.size();
    std::vector<std::shared_ptr<host::Operation>> asked;
    for (const std::string& name : names) {
        asked.push_back(
            host_.start_models(name, [round, name](Result<std::vector<std::string>> models) {
                const std::lock_guard lock(round->mutex);
                --round->missing;
                const bool cannot = !models && models.error().code == Code::unsupported;
                if (!models && !cannot) round->failed = true;
                if (models) {
                    for (std::string& model : *models) {
                        round->entries.push_back({name + "/" + model, name, {}});
                    }
                }
                round->waker->wake();
            }));
    }
    const base::TimePoint until = clock.now() + kPatience;
    const auto all_there = [&] {
        const std::lock_guard lock(round->mutex);
        return round->missing == 0;
    };
    bool complete = all_there();
    while (!complete) {
        const bool woken = co_await round->waker->wait(until);
        complete = all_there();
        if (!woken) break;
    }
    for (const auto& operation : asked) operation->cancel();

    std::vector<ModelEntry> models = routes();
    {
        const std::lock_guard lock(round->mutex);
        models.insert(models.end(), round->entries.begin(), round->entries.end());
        complete = complete && !round->failed;
    }
    sort_by_id(models);
    auto result = std::make_shared<const std::vector<ModelEntry>>(std::move(models));
    const std::lock_guard lock(mutex_);
    if (forgotten == forgotten_) {
        known_ = result;
        known_until_ = clock.now() + (complete ? kFresh : kFreshInPart);
    }
    co_return result;
}

}  // namespace tenon::gateway
