#include "store/state_store.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "store/owner_lock.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/state_path.hpp"

namespace tenon::store {
namespace {

namespace fs = std::filesystem;

// --- Who owns it ---------------------------------------------------------------------------------

constexpr std::string_view kOwned = "state_owned";
constexpr std::string_view kOwnerMember = R"({"owner_pid":)";

Error owned(const fs::path& path, pid_t owner, Mode mode) {
    const std::string who = owner == 0 ? "another process" : "process " + std::to_string(owner);
    Error error(Code::unavailable,
                mode == Mode::owner
                    ? "the state in " + path.string() + " is in use by the daemon that runs as " +
                          who +
                          "; stop that one first, or give this one a file of its own with "
                          "TENON_STATE"
                    : "the state in " + path.string() + " belongs to the daemon that runs as " +
                          who + " at present; ask that one, or stop it");
    error.scope = Scope::request;
    error.retryable = false;
    error.provider_code = kOwned;
    error.detail_json = std::string(kOwnerMember) + std::to_string(owner) + "}";
    return error;
}

// --- Rows ----------------------------------------------------------------------------------------

std::optional<core::WantedState> wanted_from(std::string_view name) {
    using enum core::WantedState;
    for (const auto wanted : {on_demand, connected, disconnected}) {
        if (name == to_string(wanted)) return wanted;
    }
    return std::nullopt;
}

enum class Sql : std::size_t {
    read_providers,
    read_pins,
    set_enabled,
    set_wanted,
    set_intent,
    set_last_state,
    set_cool_down,
    pin,
    unpin,
    remove_provider,
    remove_pins,
};

/// By Sql.
constexpr std::array kSql{
    "SELECT name, enabled, wanted, state, reason, since, cool_down_until FROM providers "
    "ORDER BY name",

    "SELECT model, provider, until, force FROM pins ORDER BY model",

    "INSERT INTO providers (name, enabled) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled",

    "INSERT INTO providers (name, wanted) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET wanted = excluded.wanted",

    "INSERT INTO providers (name, enabled, wanted) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, wanted = excluded.wanted",

    "INSERT INTO providers (name, state, reason, since) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (name) DO UPDATE SET state = excluded.state, reason = excluded.reason, "
    "since = excluded.since",

    "INSERT INTO providers (name, cool_down_until) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET cool_down_until = excluded.cool_down_until",

    "INSERT OR REPLACE INTO pins (model, provider, until, force) VALUES (?1, ?2, ?3, ?4)",

    "DELETE FROM pins WHERE model = ?1",
    "DELETE FROM providers WHERE name = ?1",
    "DELETE FROM pins WHERE provider = ?1",
};
static_assert(kSql.size() == static_cast<std::size_t>(Sql::remove_pins) + 1);

}  // namespace

std::optional<pid_t> owner_of(const Error& error) {
    if (error.provider_code != kOwned) return std::nullopt;
    pid_t owner = 0;
    if (error.detail_json.starts_with(kOwnerMember)) {
        const char* begin = error.detail_json.data() + kOwnerMember.size();
        std::from_chars(begin, error.detail_json.data() + error.detail_json.size(), owner);
    }
    return owner;
}

// --- Opening, and transactions -------------------------------------------------------------------

/// They end in the reverse order: while the file is in use, the lock is held.
struct StateStore::Parts {
    fs::path path;
    Mode mode;
    OwnerLock lock;
    std::unique_ptr<Database> database;
    std::vector<Statement> statements;  ///< by Sql

    Statement& operator[](Sql sql) { return statements[static_cast<std::size_t>(sql)]; }

    /// An error if the state is not this object's to use.
    [[nodiscard]] Result<void> check_owner() const {
        if (mode == Mode::owner) return {};
        const auto is_taken = lock.is_taken();
        if (!is_taken) return is_taken.error();
        if (*is_taken) return owned(path, lock.holder(), mode);
        return {};
    }

    /// Sets `found` if there was anything to delete.
    Result<void> erase(Sql sql, std::string_view name, bool& found) {
        auto done = (*this)[sql].bind(1, name).run();
        if (done && database->changes() > 0) found = true;
        return done;
    }
};

StateStore::StateStore(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
StateStore::~StateStore() = default;

Result<std::unique_ptr<StateStore>> StateStore::open(const fs::path& path_in, Mode mode) {
    std::error_code error;
    const fs::path path = fs::absolute(path_in, error);  // SQLite gives some relative names a sense
    if (error) return Error(Code::invalid, "there is no current directory: " + error.message());
    if (auto made = make_state_file(path); !made) return made.error();

    auto lock = OwnerLock::open(path.string() + ".lock");
    if (!lock) return std::move(lock).error();
    if (mode == Mode::owner) {
        const auto taken = lock->take();
        if (!taken) return taken.error();
        if (!*taken) return owned(path, lock->holder(), mode);
    }
    auto parts =
        std::unique_ptr<Parts>(new Parts{path, mode, std::move(lock).value(), nullptr, {}});
    if (auto free = parts->check_owner(); !free) return free.error();

    auto database = Database::open(path);
    if (!database) return std::move(database).error();
    parts->database = std::move(database).value();
    // Waits for guests that had begun before the lock was taken: nothing of them comes later.
    if (auto ready = prepare(*parts->database, migrations()); !ready) return ready.error();
    auto statements = parts->database->prepare(kSql);
    if (!statements) return std::move(statements).error();
    parts->statements = *std::move(statements);
    return std::unique_ptr<StateStore>(new StateStore(std::move(parts)));
}

Result<void> StateStore::transact(const char* begin, const std::function<Result<void>()>& work) {
    return parts_->database->transact(begin, [&]() -> Result<void> {
        // Within the transaction, because an owner that comes now waits for its end.
        if (auto free = parts_->check_owner(); !free) return free;
        return work();
    });
}

Result<void> StateStore::write(const std::function<Result<void>()>& change) {
    const std::lock_guard lock(mutex_);
    return transact("BEGIN IMMEDIATE", change);
}

// --- Reading -------------------------------------------------------------------------------------

Result<Snapshot> StateStore::read() {
    const std::lock_guard lock(mutex_);
    Snapshot snapshot;
    const auto read_all = [&]() -> Result<void> {
        if (auto read = read_providers(snapshot); !read) return read;
        return read_pins(snapshot);
    };
    if (auto done = transact("BEGIN", read_all); !done) return done.error();
    return snapshot;
}

Result<void> StateStore::read_providers(Snapshot& snapshot) {
    Statement& rows = (*parts_)[Sql::read_providers];
    std::optional<Error> unknown;
    while (true) {
        const auto row = rows.step();
        if (!row) return row.error();
        if (!*row) break;
        ProviderRecord record;
        record.provider = rows.text(0);
        if (!rows.is_null(1)) record.enabled = rows.integer(1) != 0;
        if (!rows.is_null(2)) record.wanted = wanted_from(rows.text(2));
        if (!rows.is_null(2) && !record.wanted) {
            unknown = parts_->database->failure(
                Code::invalid, "'" + rows.text(2) + "' is not something that can be wanted of '" +
                                   record.provider + "'; connect or disconnect it by hand");
        }
        if (!rows.is_null(3)) record.last = LastState{rows.text(3), rows.text(4), rows.integer(5)};
        record.cool_down_until = rows.optional_integer(6);
        snapshot.providers.push_back(std::move(record));
    }
    if (unknown) return *unknown;
    return {};
}

Result<void> StateStore::read_pins(Snapshot& snapshot) {
    Statement& rows = (*parts_)[Sql::read_pins];
    while (true) {
        const auto row = rows.step();
        if (!row) return row.error();
        if (!*row) return {};
        snapshot.pins.push_back(
            {rows.text(0), rows.text(1), rows.optional_integer(2), rows.integer(3) != 0});
    }
}

// --- Writing -------------------------------------------------------------------------------------

Result<void> StateStore::set_enabled(std::string_view provider, bool enabled) {
    return write([&] {
        return (*parts_)[Sql::set_enabled].bind(1, provider).bind(2, std::int64_t{enabled}).run();
    });
}

Result<void> StateStore::set_wanted(std::string_view provider, core::WantedState wanted) {
    return write([&] {
        return (*parts_)[Sql::set_wanted].bind(1, provider).bind(2, to_string(wanted)).run();
    });
}

Result<void> StateStore::set_intent(std::string_view provider, bool enabled,
                                    core::WantedState wanted) {
    return write([&] {
        return (*parts_)[Sql::set_intent]
            .bind(1, provider)
            .bind(2, std::int64_t{enabled})
            .bind(3, to_string(wanted))
            .run();
    });
}

Result<void> StateStore::set_last_state(std::string_view provider, const LastState& state) {
    return write([&] { return write_last_state(provider, state); });
}

Result<void> StateStore::set_cool_down(std::string_view provider, std::optional<UnixMs> until) {
    return write([&] { return write_cool_down(provider, until); });
}

Result<void> StateStore::note(std::span<const Sighting> sightings) {
    return write([&]() -> Result<void> {
        for (const auto& [provider, last, cool_down] : sightings) {
            if (last) {
                if (auto done = write_last_state(provider, *last); !done) return done;
            }
            if (cool_down) {
                if (auto done = write_cool_down(provider, *cool_down); !done) return done;
            }
        }
        return {};
    });
}

Result<void> StateStore::write_last_state(std::string_view provider, const LastState& state) {
    return (*parts_)[Sql::set_last_state]
        .bind(1, provider)
        .bind(2, std::string_view(state.name))
        .bind(3, std::string_view(state.reason))
        .bind(4, state.since)
        .run();
}

Result<void> StateStore::write_cool_down(std::string_view provider, std::optional<UnixMs> until) {
    return (*parts_)[Sql::set_cool_down].bind(1, provider).bind(2, until).run();
}

Result<void> StateStore::pin(const PinRecord& pin) {
    return write([&] {
        return (*parts_)[Sql::pin]
            .bind(1, std::string_view(pin.model))
            .bind(2, std::string_view(pin.provider))
            .bind(3, pin.until)
            .bind(4, std::int64_t{pin.force})
            .run();
    });
}

Result<bool> StateStore::unpin(std::string_view model) {
    bool found = false;
    const auto done = write([&] { return parts_->erase(Sql::unpin, model, found); });
    if (!done) return done.error();
    return found;
}

Result<bool> StateStore::remove(std::string_view provider) {
    bool found = false;
    const auto done = write([&]() -> Result<void> {
        if (auto gone = parts_->erase(Sql::remove_provider, provider, found); !gone) return gone;
        return parts_->erase(Sql::remove_pins, provider, found);
    });
    if (!done) return done.error();
    return found;
}

}  // namespace tenon::store
