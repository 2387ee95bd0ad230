#include "store/schema.hpp"

#include <array>
#include <string>
#include <thread>

#include "fixture.hpp"

namespace tenon::store {
namespace {

/// Version 1 as its first release wrote it; never to be changed.
constexpr const char* kVersion1 = R"sql(
    CREATE TABLE providers (
        name            TEXT    NOT NULL PRIMARY KEY,
        enabled         INTEGER NOT NULL DEFAULT 1,
        wanted          TEXT    NOT NULL DEFAULT 'on_demand',
        state           TEXT,
        reason          TEXT,
        since           INTEGER,
        cool_down_until INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pins (
        model    TEXT    NOT NULL PRIMARY KEY,
        provider TEXT    NOT NULL,
        until    INTEGER,
        force    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    PRAGMA application_id = 1416523630;
    PRAGMA user_version = 1;
    PRAGMA journal_mode = WAL;
    INSERT INTO providers VALUES ('mock', 0, 'disconnected', 'unhealthy', 'check_failed', 12, 34);
    INSERT INTO providers (name) VALUES ('plain');
    INSERT INTO pins VALUES ('fast', 'mock', NULL, 1);
)sql";

struct SchemaFixture : Fixture {
    /// The file, brought to the last of `steps`.
    [[nodiscard]] Result<void> prepare_file(std::span<const Migration> steps) const {
        std::ofstream(file, std::ios::app).close();
        auto database = Database::open(file);
        BOOST_REQUIRE(database);
        auto done = prepare(**database, steps);
        BOOST_TEST(!(*database)->in_transaction());
        return done;
    }

    [[nodiscard]] std::int64_t integer(const char* sql) const {
        auto database = Database::open(file);
        BOOST_REQUIRE(database);
        return (*database)->integer(sql).value();
    }
};

BOOST_FIXTURE_TEST_SUITE(schema, SchemaFixture)

BOOST_AUTO_TEST_CASE(a_file_of_version_1_is_read_by_every_later_release) {
    run_sql(kVersion1);
    Snapshot expected;
    expected.providers.push_back({"mock", false, core::WantedState::disconnected,
                                  LastState{"unhealthy", "check_failed", 12}, 34});
    expected.providers.push_back({.provider = "plain"});
    expected.pins.push_back({"fast", "mock", std::nullopt, true});
    BOOST_TEST((reopened() == expected));
}

/// In version 1 a default and a wish for the same looked alike.
BOOST_AUTO_TEST_CASE(what_nobody_asked_for_in_version_1_is_as_configured) {
    run_sql(kVersion1);
    run_sql("INSERT INTO providers (name, wanted) VALUES ('kept', 'connected')");
    run_sql("INSERT INTO providers (name, enabled) VALUES ('off', 0)");
    Snapshot now = reopened();
    BOOST_REQUIRE_EQUAL(now.providers.size(), 4u);
    BOOST_TEST((now.providers[0] ==
                ProviderRecord{.provider = "kept", .wanted = core::WantedState::connected}));
    BOOST_TEST((now.providers[2] == ProviderRecord{.provider = "off", .enabled = false}));
    BOOST_TEST((now.providers[3] == ProviderRecord{.provider = "plain"}));
}

BOOST_AUTO_TEST_CASE(a_new_file_gets_the_newest_version_a_mark_and_a_log) {
    (void)open();
    BOOST_TEST(integer("PRAGMA user_version") == static_cast<std::int64_t>(migrations().size()));
    BOOST_TEST(integer("PRAGMA application_id") == kApplicationId);
    auto database = Database::open(file);
    BOOST_TEST((*database)->text("PRAGMA journal_mode").value() == "wal");
}

BOOST_AUTO_TEST_CASE(a_commit_waits_until_its_log_is_on_the_disk) {
    write_bytes("");
    auto database = Database::open(file);
    BOOST_REQUIRE(database);
    BOOST_TEST(prepare(**database, migrations()).has_value());
    BOOST_TEST((*database)->integer("PRAGMA synchronous").value() == 2);  // FULL
}

BOOST_AUTO_TEST_CASE(the_switch_to_a_log_waits_for_the_writes_of_others) {
    run_sql("CREATE TABLE a (b)");
    auto database = Database::open(file);
    auto other = Database::open(file);
    BOOST_REQUIRE((*other)->execute("BEGIN IMMEDIATE; INSERT INTO a VALUES (1)"));
    std::thread end([&] {
        volatile int turns = 1'000'000;  // or whenever: both orders are right
        while (turns > 0) turns = turns - 1;
        (void)(*other)->execute("COMMIT");
    });
    const auto done = (*database)->use_write_ahead_log();
    end.join();
    BOOST_TEST(done.has_value(), message_of(done));
}

BOOST_AUTO_TEST_CASE(an_older_file_takes_only_the_steps_that_it_lacks_and_keeps_its_rows) {
    run_sql(kVersion1);
    constexpr std::array<Migration, 3> kSteps{
        "this is not run again",
        "ALTER TABLE providers ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",
        "UPDATE providers SET note = 'mine' WHERE name = 'mock'",
    };
    BOOST_TEST(prepare_file(kSteps).has_value());
    BOOST_TEST(integer("PRAGMA user_version") == 3);
    BOOST_TEST(integer("SELECT count(*) FROM providers WHERE note = 'mine'") == 1);
    BOOST_TEST(integer("SELECT count(*) FROM providers WHERE note = 'none'") == 1);
}

BOOST_AUTO_TEST_CASE(a_step_that_fails_half_way_changes_nothing_and_those_before_it_stay) {
    run_sql(kVersion1);
    constexpr std::array<Migration, 3> kSteps{
        "",
        "CREATE TABLE second (a)",
        "CREATE TABLE third (a); DELETE FROM providers; INSERT INTO nowhere VALUES (1)",
    };
    const auto done = prepare_file(kSteps);
    BOOST_REQUIRE(!done);
    BOOST_TEST(says(done.error(), "nowhere"));
    BOOST_TEST(integer("PRAGMA user_version") == 2);
    BOOST_TEST(integer("SELECT count(*) FROM sqlite_schema WHERE name = 'second'") == 1);
    BOOST_TEST(integer("SELECT count(*) FROM sqlite_schema WHERE name = 'third'") == 0);
    BOOST_TEST(integer("SELECT count(*) FROM providers") == 2);
}

BOOST_AUTO_TEST_CASE(a_file_of_a_newer_release_is_refused_and_left_alone) {
    run_sql(kVersion1);
    run_sql("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE");
    const std::string before = bytes();
    const auto store = StateStore::open(file, Mode::owner);
    BOOST_REQUIRE(!store);
    BOOST_TEST((store.error().code == Code::unsupported));
    BOOST_TEST(says(store.error(), "newer Tenon (schema 99"));
    BOOST_TEST(says(store.error(), "TENON_STATE"));
    BOOST_TEST((bytes() == before));
}

BOOST_AUTO_TEST_CASE(the_database_of_another_program_is_refused_and_left_alone) {
    for (const char* sql : {"CREATE TABLE theirs (a)", "PRAGMA application_id = 7",
                            "PRAGMA application_id = 0; PRAGMA user_version = 1"}) {
        run_sql(sql);
        const std::string before = bytes();
        const auto store = StateStore::open(file, Mode::owner);
        BOOST_REQUIRE(!store);
        BOOST_TEST((store.error().code == Code::invalid));
        BOOST_TEST(says(store.error(), "another program"));
        BOOST_TEST(says(store.error(), file.string()));
        BOOST_TEST((bytes() == before));
        std::filesystem::remove(file);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_file_counts_as_a_new_one) {
    write_bytes("");
    BOOST_TEST((reopened() == Snapshot{}));
}

BOOST_AUTO_TEST_CASE(a_wish_that_this_release_does_not_know_is_an_error_and_not_a_guess) {
    run_sql(kVersion1);
    run_sql("UPDATE providers SET wanted = 'levitating' WHERE name = 'mock'");
    const auto store = open();
    const auto snapshot = store->read();
    BOOST_REQUIRE(!snapshot);
    BOOST_TEST(says(snapshot.error(), "'levitating'"));
    BOOST_TEST(says(snapshot.error(), "'mock'"));

    BOOST_TEST(store->set_wanted("mock", core::WantedState::connected).has_value());
    BOOST_TEST(store->read().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
