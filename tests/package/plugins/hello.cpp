#include "tenon/plugin.hpp"

namespace {

class Hello : public tenon::Provider {
public:
    using Provider::Provider;

    tenon::Task complete(tenon::Call call, tenon::Request) override {
        co_await call.deliver({.kind = TENON_DELTA_TEXT, .data = "hello from C++"});
        call.finish();
    }
};

}  // namespace

TENON_EXPORT_PLUGIN(tenon::kind<Hello>({.id = "hello-cpp", .name = "Hello", .version = "1.0.0"}))
