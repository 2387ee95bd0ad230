#pragma once

#include <coroutine>
#include <exception>
#include <string>

#include "tenon/plugin/call.hpp"

namespace tenon {

class Provider;

namespace detail {

/// Counts a provider's running coroutines, so that its destruction can wait for the last one.
void task_started(Provider& provider) noexcept;
void task_ended(Provider& provider) noexcept;

/// The exception that is being handled, as an error of the plugin.
[[nodiscard]] Error current_exception_error() noexcept;

}  // namespace detail

/// What a provider's operation returns: a coroutine that starts at once, may suspend on the SDK's
/// awaitables, and owns its Call. Nobody waits for it; it reports through the Call.
///
/// Only member functions of a class derived from Provider whose first parameter is a `Call` can be
/// Tasks. An exception that leaves the coroutine fails the call; returning without finishing fails
/// it too.
class Task {
public:
    struct promise_type {
        // Bound to the coroutine's own copies of its parameters. The object is taken as `Self&&`
        // because gcc 12 passes it as an rvalue (clang: as an lvalue, as the standard says).
        template <class Self, class... Rest>
        promise_type(Self&& provider, Call& call, Rest&&...) noexcept
            : provider_(provider), call_(call) {
            detail::task_started(provider_);
        }
        ~promise_type() { detail::task_ended(provider_); }
        promise_type(const promise_type&) = delete;
        promise_type& operator=(const promise_type&) = delete;

        Task get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {
            if (!call_.finished()) {
                call_.fail(Error(Code::internal,
                                 "the plugin's coroutine returned without finishing the call"));
            }
        }
        void unhandled_exception() noexcept { call_.fail(detail::current_exception_error()); }

    private:
        Provider& provider_;
        // The coroutine's own parameter. It is finished before this promise is destroyed, so that
        // nothing touches the host after task_ended().
        Call& call_;
    };
};

}  // namespace tenon
