#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "tenon/error.hpp"

namespace tenon {

/// A value or the Error that stands in its place; `std::expected<T, Error>` for C++20.
///
/// \par Preconditions
/// `value()` and `*` need `has_value()`, `error()` needs its opposite; debug builds assert.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & noexcept { return *checked(); }
    [[nodiscard]] const T& value() const& noexcept { return *checked(); }
    [[nodiscard]] T&& value() && noexcept { return std::move(*checked()); }

    T& operator*() & noexcept { return *checked(); }
    const T& operator*() const& noexcept { return *checked(); }
    T&& operator*() && noexcept { return std::move(*checked()); }
    T* operator->() noexcept { return checked(); }
    const T* operator->() const noexcept { return checked(); }

    [[nodiscard]] Error& error() & noexcept { return *checked_error(); }
    [[nodiscard]] const Error& error() const& noexcept { return *checked_error(); }
    [[nodiscard]] Error&& error() && noexcept { return std::move(*checked_error()); }

private:
    T* checked() noexcept {
        assert(has_value());
        return std::get_if<0>(&state_);
    }
    const T* checked() const noexcept {
        assert(has_value());
        return std::get_if<0>(&state_);
    }
    Error* checked_error() noexcept {
        assert(!has_value());
        return std::get_if<1>(&state_);
    }
    const Error* checked_error() const noexcept {
        assert(!has_value());
        return std::get_if<1>(&state_);
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() noexcept = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    [[nodiscard]] bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return !failed_; }

    [[nodiscard]] const Error& error() const& noexcept {
        assert(failed_);
        return error_;
    }
    [[nodiscard]] Error&& error() && noexcept {
        assert(failed_);
        return std::move(error_);
    }

private:
    Error error_;
    bool failed_ = false;
};

}  // namespace tenon
