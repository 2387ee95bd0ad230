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
    BOOST_TEST((buffer.from(100).data() == buffer.data() + 100));
}

BOOST_AUTO_TEST_CASE(a_buffer_grows_to_the_most_and_keeps_what_is_used) {
    ReadBuffer buffer;
    constexpr std::string_view kText = "what was read";
    kText.copy(buffer.data(), kText.size());
    for (int i = 0; i < 10; ++i) buffer.grow(kText.size());
    BOOST_TEST(buffer.size() == ReadBuffer::kMost);
    BOOST_TEST(std::string_view(buffer.data(), kText.size()) == kText);
}

BOOST_AUTO_TEST_CASE(a_buffer_grows_at_once_to_what_is_known_to_come) {
    ReadBuffer buffer;
    buffer.grow(100, 5 * ReadBuffer::kLeast);
    BOOST_TEST(buffer.size() == 8 * ReadBuffer::kLeast);
    buffer.grow(0, 1000 * ReadBuffer::kMost);
    BOOST_TEST(buffer.size() == ReadBuffer::kMost);
}

BOOST_AUTO_TEST_CASE(reads_that_fill_a_buffer_have_it_grow_and_many_small_ones_have_it_shrink) {
    ReadBuffer buffer;
    while (buffer.size() < ReadBuffer::kMost) buffer.adapt(buffer.size());
    for (int i = 0; i < 15; ++i) buffer.adapt(1);
    buffer.adapt(ReadBuffer::kMost / 2);
    for (int i = 0; i < 15; ++i) buffer.adapt(1);
    BOOST_TEST(buffer.size() == ReadBuffer::kMost);
    buffer.adapt(1);
    BOOST_TEST(buffer.size() == ReadBuffer::kMost / 2);
    for (int i = 0; i < 1000; ++i) buffer.adapt(1);
    BOOST_TEST(buffer.size() == ReadBuffer::kLeast);
}

BOOST_AUTO_TEST_CASE(a_buffer_gives_back_what_it_has_grown_by) {
    ReadBuffer buffer;
    buffer.grow(0);
    BOOST_TEST(buffer.size() == 2 * ReadBuffer::kLeast);
    buffer.shrink();
    BOOST_TEST(buffer.size() == ReadBuffer::kLeast);
}

BOOST_AUTO_TEST_SUITE_END()
