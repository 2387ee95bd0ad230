#include <chrono>
#include <string_view>

#include "tenon/plugin.hpp"

namespace {

/// Says the last message again, word by word.
class Parrot : public tenon::Provider {
public:
    using Provider::Provider;

    tenon::Task complete(tenon::Call call, tenon::Request) override {
        const auto request = tenon::JsonDocument::of_request(call);
        if (!request) co_return call.fail(request.error());
        std::string_view text = request->string("/messages/-1/content").value_or("");
        while (!text.empty()) {
            const std::string_view word = text.substr(0, text.find(' ', 1));
            text.remove_prefix(word.size());
            co_await tenon::sleep(call, std::chrono::milliseconds(50));
            const tenon::Code taken =
                co_await call.deliver({.kind = TENON_DELTA_TEXT, .data = word});
            if (taken != tenon::Code::ok) co_return call.fail({taken, "interrupted"});
        }
        call.finish();
    }
};

constexpr const char* kServices[] = {TENON_JSON_V1, TENON_TIMER_V1, nullptr};

}  // namespace

TENON_EXPORT_PLUGIN(tenon::kind<Parrot>({.id = "parrot",
                                         .name = "Parrot",
                                         .version = "1.0.0",
                                         .features = TENON_FEATURE_STREAM,
                                         .required_services = kServices}))
