#pragma once

#include <boost/test/unit_test.hpp>
#include <string_view>

#include "tenon/plugin.hpp"
#include "tenon/testing/fake_host.hpp"

/// What the tests of the plugin side of the SDK share.
namespace tenon::test {

using testing::CallOptions;
using testing::FakeCall;
using testing::FakeHost;
using testing::FakeProvider;
using testing::HttpHold;
using testing::HttpReply;
using testing::Outcome;

inline constexpr std::string_view kHello =
    R"({"model":"m-1","messages":[{"role":"user","content":"hello"}]})";

/// The provider class T as a kind named "test".
template <class T>
Kind kind_of(std::uint32_t conn_mode = TENON_CONN_STATELESS) {
    return kind<T>({.id = "test", .name = "Test", .version = "1.0.0", .conn_mode = conn_mode});
}

/// A host whose test fails if the contract was broken.
struct StrictHost : FakeHost {
    ~StrictHost() {
        BOOST_TEST(violations() == std::vector<std::string>{}, boost::test_tools::per_element());
    }
};

}  // namespace tenon::test
