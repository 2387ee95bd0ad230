#include "naive_provider.hpp"

#include <cstdlib>
#include <memory>

#include "tenon/abi/request.h"

namespace tenon::bench {
namespace {

constexpr auto kWindow = std::chrono::seconds(60);
constexpr auto kOpenFor = std::chrono::seconds(30);
constexpr std::size_t kMostFailures = 5;

}  // namespace

struct NaiveProvider::Call {
    std::string model;
    std::string body;
    tenon_request request{};
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
    bool ok = false;
    std::string answer;
};

NaiveProvider::NaiveProvider(const plugin::Kind& kind) : kind_(kind) {
    host_.struct_size = sizeof host_;
    host_.abi_version = TENON_ABI_CURRENT;
    host_.ctx = this;
    host_.finish = &NaiveProvider::finish;
    const tenon_str config{"{}", 2};
    tenon_error error{};
    if (kind_.functions.create(&host_, &config, &provider_, &error) != TENON_OK) std::abort();
}

NaiveProvider::~NaiveProvider() {
    kind_.functions.destroy(provider_);
}

tenon_status TENON_CALL NaiveProvider::finish(void*, tenon_call handle,
                                              const tenon_result* result) noexcept {
    Call& call = *reinterpret_cast<Call*>(handle);
    const std::lock_guard lock(call.mutex);
    call.ok = result->error == nullptr;
    if (call.ok) call.answer.assign(result->body_json.ptr, result->body_json.len);
    call.finished = true;
    call.done.notify_all();
    return TENON_OK;
}

bool NaiveProvider::admit() {
    const std::lock_guard lock(breaker_mutex_);
    return base::steady_clock().now() >= open_until_;
}

void NaiveProvider::record(bool ok) {
    const auto now = base::steady_clock().now();
    const std::lock_guard lock(breaker_mutex_);
    while (!failures_.empty() && now - failures_.front() > kWindow) failures_.pop_front();
    if (ok) return;
    failures_.push_back(now);
    if (failures_.size() >= kMostFailures) open_until_ = now + kOpenFor;
}

void NaiveProvider::acquire() {
    std::unique_lock lock(permit_mutex_);
    permit_free_.wait(lock, [this] { return permits_ > 0; });
    --permits_;
}

void NaiveProvider::release() {
    {
        const std::lock_guard lock(permit_mutex_);
        ++permits_;
    }
    permit_free_.notify_one();
}

std::optional<std::string> NaiveProvider::run(const std::function<tenon_status(Call&)>& start) {
    const auto call = std::make_shared<Call>();
    if (start(*call) != TENON_OK) return std::nullopt;
    std::unique_lock lock(call->mutex);
    call->done.wait(lock, [&] { return call->finished; });
    if (!call->ok) return std::nullopt;
    return std::move(call->answer);
}

std::optional<std::string> NaiveProvider::complete(std::string_view model, std::string_view body) {
    if (!admit()) return std::nullopt;
    acquire();
    const auto began = base::steady_clock().now();
    auto answer = run([this, model, body](Call& call) {
        call.model = model;
        call.body = body;
        call.request.struct_size = sizeof call.request;
        call.request.model = {call.model.data(), call.model.size()};
        call.request.body_json = {call.body.data(), call.body.size()};
        return kind_.functions.complete(provider_, nullptr, &call.request,
                                        reinterpret_cast<tenon_call>(&call));
    });
    const auto took = base::steady_clock().now() - began;
    release();
    record(answer.has_value());
    const std::lock_guard lock(statistics_mutex_);
    ++calls_;
    if (!answer) ++failed_;
    total_ += took;
    return answer;
}

}  // namespace tenon::bench
