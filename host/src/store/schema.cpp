#include "store/schema.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace tenon::store {
namespace {

// Cool-downs and pins are by name: neither needs the provider to be known here, or configured.
constexpr std::array<Migration, 2> kMigrations{
    R"sql(
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
    )sql",

    // What nobody has asked for is NULL: as configured. Version 1 had its defaults there.
    R"sql(
        CREATE TABLE providers_2 (
            name            TEXT NOT NULL PRIMARY KEY,
            enabled         INTEGER,
            wanted          TEXT,
            state           TEXT,
            reason          TEXT,
            since           INTEGER,
            cool_down_until INTEGER
        ) STRICT, WITHOUT ROWID;
        INSERT INTO providers_2
            SELECT name, NULLIF(enabled, 1), NULLIF(wanted, 'on_demand'), state, reason, since,
                   cool_down_until
            FROM providers;
        DROP TABLE providers;
        ALTER TABLE providers_2 RENAME TO providers;
    )sql",
};

/// \return the file's version, if this program may write to it.
Result<std::size_t> admitted_version(Database& database, std::size_t newest, int application_id) {
    const auto application = database.integer("PRAGMA application_id");
    if (!application) return application.error();
    const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    const auto version = database.integer("PRAGMA user_version");
    if (!version) return version.error();

    const bool is_new = *application == 0 && *version == 0 && *tables == 0;
    if (*application != application_id && !is_new) {
        return database.failure(Code::invalid,
                                "it is the database of another program; choose another file with "
                                "TENON_STATE");
    }
    if (*version < 0 || static_cast<std::uint64_t>(*version) > newest) {
        return database.failure(Code::unsupported,
                                "it was written by a newer Tenon (schema " +
                                    std::to_string(*version) + ", this one knows " +
                                    std::to_string(newest) +
                                    "); use that one, or choose another file with TENON_STATE");
    }
    return static_cast<std::size_t>(*version);
}

/// One step towards the newest version. Looks at the version within its transaction, because
/// another process may be doing the same.
/// \return whether there is another step.
Result<bool> advance(Database& database, std::span<const Migration> migrations,
                     int application_id) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
    const auto version = admitted_version(database, migrations.size(), application_id);
    if (!version) return version.error();
    if (*version < migrations.size()) {
        if (auto done = database.execute(migrations[*version]); !done) return done.error();
        const std::string marks = "PRAGMA application_id = " + std::to_string(application_id) +
                                  "; PRAGMA user_version = " + std::to_string(*version + 1);
        if (auto marked = database.execute(marks); !marked) return marked.error();
    }
    if (auto committed = database.execute("COMMIT"); !committed) return committed.error();
    return *version < migrations.size();
}

/// Whether nobody has made anything of the file yet.
Result<bool> is_untouched(Database& database, std::size_t newest, int application_id) {
    if (auto begun = database.execute("BEGIN"); !begun) return begun.error();
    const auto version = admitted_version(database, newest, application_id);
    if (!version) return version.error();
    if (auto ended = database.execute("COMMIT"); !ended) return ended.error();
    return *version == 0;
}

/// In the file or its log, but not necessarily on the disk.
Result<void> migrate(Database& database, std::span<const Migration> migrations,
                     int application_id) {
    const auto untouched = is_untouched(database, migrations.size(), application_id);
    if (!untouched) return untouched.error();
    // With a log at once there is much less to wait for than with a journal for each step.
    if (*untouched) {
        if (auto logging = database.use_write_ahead_log(); !logging) return logging;
    }
    while (true) {
        const auto more = advance(database, migrations, application_id);
        if (!more) return more.error();
        if (!*more) return {};
    }
}

/// A few pages: reading them all takes less than a millisecond.
Result<void> examine(Database& database) {
    const auto verdict = database.text("PRAGMA quick_check(1)");
    if (!verdict) return verdict.error();
    if (*verdict == "ok") return {};
    return database.failure(Code::invalid,
                            "the file is damaged (" + *verdict +
                                "); move it away, and the -wal and -shm beside it, to start anew "
                                "with every provider enabled");
}

}  // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

Result<void> prepare(Database& database, std::span<const Migration> migrations,
                     int application_id) {
    // What comes to the disk later brings with it what came before: the log has an order.
    if (auto eased = database.execute("PRAGMA synchronous = NORMAL"); !eased) return eased;
    if (auto migrated = migrate(database, migrations, application_id); !migrated) {
        // Of the two errors the first one counts.
        if (database.in_transaction()) (void)database.execute("ROLLBACK");
        return migrated;
    }
    if (auto whole = examine(database); !whole) return whole;
    if (auto logging = database.use_write_ahead_log(); !logging) return logging;
    // The log is on the disk before a commit returns: what is acknowledged survives a power cut.
    return database.execute("PRAGMA synchronous = FULL");
}

}  // namespace tenon::store
