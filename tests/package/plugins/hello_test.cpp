#include "tenon/testing/fake_host.hpp"

// A plugin's unit test without a host and without a framework.
int main() {
    tenon::testing::FakeHost host;
    tenon::testing::FakeProvider provider(host, *tenon_plugin_entry_v1(TENON_ABI_CURRENT),
                                          "hello-cpp");
    const auto answer = provider.complete(R"({"messages":[]})");
    return answer.ok() && answer.text() == "hello from C++" ? 0 : 1;
}
