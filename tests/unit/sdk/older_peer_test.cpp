// What is written into a struct of the other side stops where that side's knowledge of it ends: a
// peer that was built with older headers has nothing behind it.
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>

#include "tenon/plugin/kind.hpp"
#include "tenon/testing/json_service.hpp"

namespace {

/// A tenon_error as a peer would have it whose headers end before `provider_code`, and what stands
/// behind it in that peer's memory.
struct OlderError {
    static constexpr std::size_t kSize = offsetof(tenon_error, provider_code);
    static constexpr unsigned char kOthers = 0xA5;

    OlderError() {
        std::memset(&error, kOthers, sizeof error);
        error.struct_size = kSize;
    }

    [[nodiscard]] bool rest_is_untouched() const {
        unsigned char bytes[sizeof error];
        std::memcpy(bytes, &error, sizeof error);
        for (std::size_t i = kSize; i < sizeof error; ++i) {
            if (bytes[i] != kOthers) return false;
        }
        return true;
    }

    tenon_error error;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(older_peer)

BOOST_AUTO_TEST_CASE(create_fills_no_more_of_the_error_than_an_older_host_has) {
    OlderError older;
    tenon::detail::fill_error(&older.error, {tenon::Code::auth, "no key"});
    BOOST_TEST(older.rest_is_untouched());
    BOOST_TEST(older.error.struct_size == OlderError::kSize);
    BOOST_TEST(older.error.code == TENON_E_AUTH);
    BOOST_TEST(older.error.message.len == 6u);
}

BOOST_AUTO_TEST_CASE(parse_fills_no_more_of_the_error_than_an_older_plugin_has) {
    OlderError older;
    const tenon_str text = {"{", 1};
    BOOST_TEST(tenon::json_service::parse(&text, &older.error) == nullptr);
    BOOST_TEST(older.rest_is_untouched());
    BOOST_TEST(older.error.struct_size == OlderError::kSize);
    BOOST_TEST(older.error.code == TENON_E_INVALID);
}

BOOST_AUTO_TEST_CASE(a_newer_peers_error_is_filled_as_far_as_we_know_it) {
    struct {
        tenon_error known;
        std::uint64_t newer = 7;
    } error{};
    error.known.struct_size = sizeof error;
    tenon::detail::fill_error(&error.known, {tenon::Code::auth, "no key"});
    BOOST_TEST(error.known.struct_size == sizeof(tenon_error));
    BOOST_TEST(error.newer == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
