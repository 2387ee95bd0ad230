#pragma once

namespace tenon::plugin {

/// Which plugin code this thread is running, for the report of a crash. Plain pointers to strings
/// that outlive the call, so that a signal handler may read them.
struct Attribution {
    const char* provider = nullptr;
    const char* library = nullptr;
    const char* function = nullptr;
};

[[nodiscard]] Attribution& current_attribution() noexcept;

/// Marks this thread as running plugin code for its lifetime.
class AttributionScope {
public:
    AttributionScope(const char* provider, const char* library, const char* function) noexcept
        : before_(current_attribution()) {
        current_attribution() = {provider, library, function};
    }
    ~AttributionScope() { current_attribution() = before_; }
    AttributionScope(const AttributionScope&) = delete;
    AttributionScope& operator=(const AttributionScope&) = delete;

private:
    Attribution before_;
};

}  // namespace tenon::plugin
