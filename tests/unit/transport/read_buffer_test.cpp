#include "transport/read_buffer.hpp"

#include <boost/test/unit_test.hpp>
#include <string_view>

using tenon::transport::ReadBuffer;

BOOST_AUTO_TEST_SUITE(read_buffer)

BOOST_AUTO_TEST_CASE(a_buffer_begins_with_the_least) {
    ReadBuffer buffer;
    BOOST_TEST(buffer.size() == ReadBuffer::kLeast);
    BOOST_TEST(buffer.from(0).size() == ReadBuffer::kLeast);
    BOOST_TEST(buffer.from(100).size() == ReadBuffer::kLeast - 100);
    BOOST_TEST(buffer.from(100).data() == buffer.data() + 100);
}

BOOST_AUTO_TEST_CASE(a_buffer_grows_to_the_most_and_keeps_what_is_used) {
    ReadBuffer buffer;
    constexpr std::string_view kText = "what was read";
    kText.copy(buffer.data(), kText.size());
    for (int i = 0; i < 10; ++i) buffer.grow(kText.size());
    BOOST_TEST(buffer.size() == ReadBuffer::kMost);
    BOOST_TEST(std::string_view(buffer.data(), kText.size()) == kText);
}

BOOST_AUTO_TEST_CASE(a_buffer_gives_back_what_it_has_grown_by) {
    ReadBuffer buffer;
    buffer.grow(0);
    BOOST_TEST(buffer.size() == 2 * ReadBuffer::kLeast);
    buffer.shrink();
    BOOST_TEST(buffer.size() == ReadBuffer::kLeast);
}

BOOST_AUTO_TEST_SUITE_END()
