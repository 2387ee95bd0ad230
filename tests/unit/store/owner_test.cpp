#include "store/owner_lock.hpp"

#include <unistd.h>

#include <csignal>
#include <string>

#include "fixture.hpp"
#include "support/child_process.hpp"

namespace tenon::store {
namespace {

using test::ChildProcess;

struct OwnerFixture : Fixture {
    [[nodiscard]] ChildProcess start(const std::string& command,
                                     const std::string& argument = "") const {
        return ChildProcess({TENON_TEST_STORE_CHILD, command, file.string(), argument});
    }
    static void end(ChildProcess& child) {
        child.send_signal(SIGKILL);
        (void)child.wait();
    }
};

BOOST_FIXTURE_TEST_SUITE(owner, OwnerFixture)

BOOST_AUTO_TEST_CASE(a_second_owner_is_refused_and_told_who_the_first_one_is) {
    ChildProcess first = start("own");
    BOOST_REQUIRE(first.read_line() == "open");

    const auto second = StateStore::open(file, Mode::owner);

    BOOST_REQUIRE(!second);
    BOOST_TEST((owner_of(second.error()) == first.pid()));
    BOOST_TEST(says(second.error(), "process " + std::to_string(first.pid())));
    BOOST_TEST(says(second.error(), file.string()));
    BOOST_TEST(!second.error().retryable);
}

BOOST_AUTO_TEST_CASE(a_second_owner_in_the_same_process_is_refused_too) {
    const auto first = open();
    const auto second = StateStore::open(file, Mode::owner);
    BOOST_REQUIRE(!second);
    BOOST_TEST((owner_of(second.error()) == ::getpid()));
    BOOST_TEST(first->set_enabled("mock", false).has_value());
}

BOOST_AUTO_TEST_CASE(a_killed_owner_is_succeeded_at_once) {
    ChildProcess first = start("own");
    BOOST_REQUIRE(first.read_line() == "open");
    end(first);
    BOOST_TEST(StateStore::open(file, Mode::owner).has_value());
}

BOOST_AUTO_TEST_CASE(the_owner_leaves_the_state_when_it_is_destroyed) {
    (void)open();
    BOOST_TEST(StateStore::open(file, Mode::owner).has_value());
}

BOOST_AUTO_TEST_CASE(a_guest_is_refused_and_told_whom_to_ask) {
    ChildProcess daemon = start("own");
    BOOST_REQUIRE(daemon.read_line() == "open");
    const auto guest = StateStore::open(file, Mode::guest);
    BOOST_REQUIRE(!guest);
    BOOST_TEST((owner_of(guest.error()) == daemon.pid()));
    BOOST_TEST(says(guest.error(), "ask that one"));
}

BOOST_AUTO_TEST_CASE(a_guest_that_was_there_first_is_refused_as_long_as_there_is_an_owner) {
    const auto guest = open(Mode::guest);
    BOOST_TEST(guest->set_enabled("mock", false).has_value());

    ChildProcess daemon = start("own");
    BOOST_REQUIRE(daemon.read_line() == "open");
    const auto read = guest->read();
    BOOST_REQUIRE(!read);
    BOOST_TEST((owner_of(read.error()) == daemon.pid()));
    const auto written = guest->set_enabled("mock", true);
    BOOST_REQUIRE(!written);
    BOOST_TEST((owner_of(written.error()) == daemon.pid()));
    BOOST_TEST(!guest->remove("mock"));
    end(daemon);

    BOOST_TEST(!snapshot_of(*guest).providers.at(0).enabled.value());
    BOOST_TEST(guest->set_enabled("mock", true).has_value());
}

BOOST_AUTO_TEST_CASE(a_guest_keeps_no_owner_out) {
    const auto guest = open(Mode::guest);
    BOOST_TEST(guest->set_enabled("mock", false).has_value());
    const auto daemon = open();
    BOOST_TEST(!snapshot_of(*daemon).providers.at(0).enabled.value());
}

BOOST_AUTO_TEST_CASE(guests_in_two_processes_lose_nothing_of_each_other) {
    ChildProcess one = start("pin", "one");
    ChildProcess two = start("pin", "two");
    BOOST_TEST(one.wait().code == 0);
    BOOST_TEST(two.wait().code == 0);
    BOOST_TEST(reopened().pins.size() == 200u);
}

BOOST_AUTO_TEST_CASE(guests_that_make_the_file_at_once_all_succeed) {
    for (int round = 0; round < 10; ++round) {
        ChildProcess one = start("pin", "one");
        ChildProcess two = start("pin", "two");
        ChildProcess three = start("pin", "three");
        for (ChildProcess* child : {&one, &two, &three}) {
            const std::optional<std::string> line = child->read_line();
            BOOST_TEST(line.value_or("nothing") == "open");
            end(*child);
        }
        for (const char* ending : {"", "-wal", "-shm", ".lock"}) {
            std::filesystem::remove(file.string() + ending);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unfinished_write_of_another_program_is_waited_for_but_not_for_ever) {
    (void)open();
    auto other = Database::open(file);
    BOOST_REQUIRE(other);
    BOOST_TEST((*other)->execute("BEGIN IMMEDIATE").has_value());
    const auto store = StateStore::open(file, Mode::owner);
    BOOST_REQUIRE(!store);
    BOOST_TEST(store.error().retryable);
    BOOST_TEST(says(store.error(), "busy"));
    BOOST_TEST(!owner_of(store.error()));
}

BOOST_AUTO_TEST_CASE(no_other_error_names_an_owner) {
    BOOST_TEST(!owner_of(Error(Code::unavailable, "something else")));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(owner_lock, Fixture)

BOOST_AUTO_TEST_CASE(the_lock_file_holds_the_process_id_for_people) {
    auto lock = OwnerLock::open(file);
    write_bytes("something longer than any process id");
    BOOST_TEST(lock->take().value());
    BOOST_TEST(bytes() == std::to_string(::getpid()) + "\n");
    BOOST_TEST(lock->holder() == ::getpid());
}

BOOST_AUTO_TEST_CASE(to_look_at_a_lock_does_not_take_it) {
    auto one = OwnerLock::open(file);
    auto two = OwnerLock::open(file);
    BOOST_TEST(!one->is_taken().value());
    BOOST_TEST(two->take().value());
    BOOST_TEST(one->is_taken().value());
    BOOST_TEST(!one->take().value());
}

BOOST_AUTO_TEST_CASE(a_process_id_that_is_left_over_means_nothing) {
    write_bytes("1\n");
    auto lock = OwnerLock::open(file);
    BOOST_TEST(!lock->is_taken().value());
    BOOST_TEST(lock->take().value());
}

BOOST_AUTO_TEST_CASE(a_holder_that_cannot_be_read_is_process_0) {
    write_bytes("not a number");
    BOOST_TEST(OwnerLock::open(file)->holder() == 0);
}

BOOST_AUTO_TEST_CASE(a_lock_file_that_cannot_be_opened_is_named) {
    const auto lock = OwnerLock::open(directory);
    BOOST_REQUIRE(!lock);
    BOOST_TEST(says(lock.error(), "cannot use the lock file " + directory.string()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
