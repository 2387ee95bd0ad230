#include <string>

#include "counting.hpp"
#include "fixture.hpp"
#include "support/child_process.hpp"

namespace tenon::store {
namespace {

constexpr std::size_t kPage = 4'096;

struct DamageFixture : Fixture {
    DamageFixture() {
        const auto store = open();
        for (std::int64_t n = 1; n <= 20; ++n) BOOST_REQUIRE(write_number(*store, n));
    }

    /// The file is refused, as damaged or as something else, and nothing in it is changed.
    void check_refused(std::string_view words) const {
        const std::string before = bytes();
        for (const Mode mode : {Mode::owner, Mode::guest}) {
            const auto store = StateStore::open(file, mode);
            BOOST_REQUIRE(!store);
            BOOST_TEST_CONTEXT(store.error().message) {
                BOOST_TEST((store.error().code == Code::invalid));
                BOOST_TEST(says(store.error(), file.string()));
                BOOST_TEST(says(store.error(), words));
                BOOST_TEST(says(store.error(), "move it away"));
                BOOST_TEST((bytes() == before));
            }
        }
    }
};

BOOST_FIXTURE_TEST_SUITE(damage, DamageFixture)

BOOST_AUTO_TEST_CASE(a_file_of_garbage_is_refused) {
    write_bytes("#!/bin/sh\n" + std::string(5'000, 'x'));
    check_refused("something else");
}

BOOST_AUTO_TEST_CASE(a_short_file_of_garbage_is_refused) {
    write_bytes("no database");
    check_refused("something else");
}

BOOST_AUTO_TEST_CASE(a_page_of_garbage_is_found_when_the_file_is_opened) {
    std::string content = bytes();
    BOOST_REQUIRE(content.size() >= 3 * kPage);
    for (std::size_t page = 1; page < content.size() / kPage; ++page) {
        std::string damaged = content;
        damaged.replace(page * kPage, kPage, kPage, '\xFF');
        write_bytes(damaged);
        BOOST_TEST_CONTEXT("page " << page) {
            check_refused("damaged");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_off_is_refused) {
    write_bytes(bytes().substr(0, kPage + 1));
    check_refused("damaged");
}

BOOST_AUTO_TEST_CASE(a_log_of_garbage_is_ignored) {
    std::ofstream(file.string() + "-wal") << std::string(10'000, 'x');
    BOOST_TEST(marks_in(reopened()) == marks_after(20));
}

BOOST_AUTO_TEST_CASE(a_store_whose_file_was_deleted_acknowledges_nothing) {
    const auto store = open();
    std::filesystem::remove(file);
    const auto done = write_number(*store, 21);
    BOOST_REQUIRE(!done);
    BOOST_TEST(says(done.error(), "moved or deleted"));
    BOOST_TEST(!store->read());
}

BOOST_AUTO_TEST_CASE(a_store_whose_file_was_replaced_acknowledges_nothing) {
    const auto store = open();
    std::filesystem::rename(file, directory / "old.db");
    write_bytes("");
    BOOST_TEST(!write_number(*store, 21));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_that_loses_nothing_and_passes) {
    test::ChildProcess child({TENON_TEST_STORE_CHILD, "fill", file.string()});
    BOOST_REQUIRE(child.read_line() == "open");
    const std::string message = child.read_line().value_or("");
    BOOST_TEST_CONTEXT(message) {
        BOOST_TEST((message.find("cannot use the state in " + file.string()) == 0));
        BOOST_TEST((message.find("reading or writing failed") != std::string::npos));
    }
    const std::int64_t acknowledged = std::stoll(child.read_line().value_or("0"));
    BOOST_TEST(acknowledged > 0);
    BOOST_TEST(child.wait().code == 0);
    BOOST_TEST(child.out() == std::to_string(acknowledged + 1) + "\n");
    BOOST_TEST(marks_in(reopened()) == marks_after(acknowledged + 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
