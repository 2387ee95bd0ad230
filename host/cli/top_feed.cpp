#include "cli/top_feed.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 1s;
/// However much happens, the daemon is not asked more often than that.
constexpr auto kLeastInterval = 100ms;

}  // namespace

TopFeed::TopFeed(const ControlClient& client)
    : client_(client), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    asker_ = std::jthread([this](const std::stop_token& stop) { ask(stop); });
    follower_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
}

TopFeed::~TopFeed() {
    asker_.request_stop();
    follower_.request_stop();
    asker_.join();
    follower_.join();
    ::close(wake_);
}

void TopFeed::wake() const noexcept {
    ::eventfd_write(wake_, 1);
}

TopFeed::News TopFeed::take() {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_, &ignored);
    const std::lock_guard lock(mutex_);
    News out = std::move(news_);
    news_ = {};
    news_.trouble = out.trouble;  // lasts until there is a status again
    return out;
}

void TopFeed::give(const std::string& command, const std::string& provider) {
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back({command, provider});
    }
    changed_.notify_all();
}

std::optional<TopFeed::Order> TopFeed::wait_for_order(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kLeastInterval, [&] { return !orders_.empty(); });
    changed_.wait_for(lock, stop, kInterval, [&] { return !orders_.empty() || is_stale_; });
    is_stale_ = false;
    if (orders_.empty()) return std::nullopt;
    Order order = std::move(orders_.front());
    orders_.pop_front();
    return order;
}

void TopFeed::ask(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        fetch_status(stop);
        if (const auto order = wait_for_order(stop)) carry_out(*order, stop);
    }
}

void TopFeed::fetch_status(const std::stop_token& stop) {
    auto status = client_.get("/admin/v1/status", stop);
    if (stop.stop_requested()) return;
    {
        const std::lock_guard lock(mutex_);
        if (status) {
            news_.status = *std::move(status);
            news_.trouble.clear();
        } else {
            news_.trouble = status.error().message;
        }
    }
    wake();
}

void TopFeed::carry_out(const Order& order, const std::stop_token& stop) {
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.key("providers");
    json.begin_array();
    json.value(order.provider);
    json.end_array();
    json.member("patience_ms", 0);  // the screen shows what becomes of it
    json.end_object();
    const auto answer = client_.post("/admin/v1/commands/" + order.command, body, {}, stop);
    const std::lock_guard lock(mutex_);
    news_.message =
        answer ? std::string(
                     answer->root()["replies"][std::size_t{0}]["message"].as_string().value_or(""))
               : answer.error().message;
}

bool TopFeed::note(const ControlEvent& event, Place& place) {
    auto document = wire::JsonDocument::parse(event.data);
    if (!document || event.type == "lost") return true;
    if (event.type == "hello") {
        const std::string started(document->root()["started"].as_string().value_or(""));
        const bool same = started == place.started || place.started.empty();
        place.started = started;
        if (same) return true;
        place.newest = 0;
        {
            const std::lock_guard lock(mutex_);
            news_.events.clear();
            news_.restarted = true;
        }
        wake();
        return false;
    }
    place.newest = document->root()["sequence"].as_int64().value_or(0);
    {
        const std::lock_guard lock(mutex_);
        news_.events.push_back(*std::move(document));
        if (news_.events.size() > kMostEvents) news_.events.pop_front();
        is_stale_ = true;
    }
    changed_.notify_all();
    wake();
    return true;
}

void TopFeed::follow(const std::stop_token& stop) {
    Place place;
    while (!stop.stop_requested()) {
        std::stop_source stream;
        const std::stop_callback with_all(stop, [&] { stream.request_stop(); });
        const auto ended = client_.follow(
            "/admin/v1/events?since=" + std::to_string(std::max<std::int64_t>(place.newest, 0)),
            [&](const ControlEvent& event) {
                if (!stream.stop_requested() && !note(event, place)) stream.request_stop();
            },
            stream.get_token());
        static_cast<void>(ended);  // the status tells what is wrong
        if (stream.stop_requested()) continue;
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, kInterval, [] { return false; });
    }
}

}  // namespace tenon::cli
