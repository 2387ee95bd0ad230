#include "tenon/plugin/provider.hpp"

#include <string>

namespace tenon {
namespace {

Error unsupported(std::string_view operation) {
    return Error(Code::unsupported, "this provider has no " + std::string(operation));
}

}  // namespace

Task Provider::complete(Call call, Request) {
    call.fail(unsupported("chat completion"));
    co_return;
}

Task Provider::embed(Call call, Request) {
    call.fail(unsupported("embeddings"));
    co_return;
}

Task Provider::rerank(Call call, Request) {
    call.fail(unsupported("rerank"));
    co_return;
}

Task Provider::list_models(Call call) {
    call.fail(unsupported("model list"));
    co_return;
}

Task Provider::health_check(Call call) {
    call.fail(unsupported("health check"));
    co_return;
}

Task Provider::connect(Call call) {
    call.fail(unsupported("connections"));
    co_return;
}

void Provider::on_cancel(tenon_call) noexcept {}

const void* Provider::get_extension(std::string_view) noexcept {
    return nullptr;
}

void wait_for_tasks(Provider& provider) noexcept {
    for (auto n = provider.running_tasks_.load(std::memory_order_acquire); n != 0;
         n = provider.running_tasks_.load(std::memory_order_acquire)) {
        provider.running_tasks_.wait(n, std::memory_order_acquire);
    }
}

namespace detail {

void task_started(Provider& provider) noexcept {
    provider.running_tasks_.fetch_add(1, std::memory_order_relaxed);
}

void task_ended(Provider& provider) noexcept {
    // The waiter may free the provider as soon as the count is zero, so nothing may be touched
    // after the decrement: the notification goes by address, which atomic::notify permits.
    std::atomic<std::uint32_t>& count = provider.running_tasks_;
    if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) count.notify_all();
}

Error current_exception_error() noexcept {
    try {
        try {
            throw;
        } catch (const std::exception& e) {
            return Error(Code::internal, std::string("exception in the plugin: ") + e.what());
        } catch (...) {
            return Error(Code::internal, "exception of an unknown type in the plugin");
        }
    } catch (...) {
        Error error;  // no memory for the message
        error.code = Code::no_memory;
        return error;
    }
}

}  // namespace detail
}  // namespace tenon
