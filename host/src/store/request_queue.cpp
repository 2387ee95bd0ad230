#include "store/request_queue.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <system_error>
#include <utility>

#include "store/owner_lock.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/state_path.hpp"

namespace tenon::store {
namespace {

namespace fs = std::filesystem;

// What is long stands in a table of its own, so that the others can be looked through.
constexpr std::array<Migration, 1> kQueueMigrations{
    R"sql(
        CREATE TABLE requests (
            seq         INTEGER PRIMARY KEY AUTOINCREMENT,
            id          TEXT    NOT NULL UNIQUE,
            dialect     TEXT    NOT NULL,
            model       TEXT    NOT NULL,
            client      TEXT    NOT NULL,
            idempotency TEXT    NOT NULL,
            queued      INTEGER NOT NULL,
            sends       INTEGER NOT NULL DEFAULT 0,
            taken_until INTEGER,
            finished    INTEGER,
            status      INTEGER
        ) STRICT;
        CREATE TABLE bodies (
            seq  INTEGER PRIMARY KEY,
            body TEXT NOT NULL
        ) STRICT;
        CREATE VIEW entries AS
            SELECT id, model, client, queued, sends, taken_until, finished, status, seq
            FROM requests;
        CREATE TRIGGER forget AFTER DELETE ON requests BEGIN
            DELETE FROM bodies WHERE seq = old.seq;
        END;
    )sql",
};

enum class Sql : std::size_t {
    count,
    insert,
    insert_body,
    oldest,
    read,
    read_body,
    take,
    give_back,
    finish,
    set_body,
    remove,
    expired,
    remove_expired,
    list,
    models,
    counts,
    find,
};

/// By Sql.
constexpr std::array kSql{
    "SELECT count(*) FROM requests",

    "INSERT INTO requests (id, dialect, model, client, idempotency, queued) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",

    "INSERT INTO bodies (seq, body) VALUES (last_insert_rowid(), ?1)",

    "SELECT seq FROM requests WHERE finished IS NULL "
    "AND (taken_until IS NULL OR taken_until <= ?1) AND (?2 = 0 OR model = ?3) "
    "ORDER BY seq LIMIT 1",

    "SELECT id, dialect, model, client, idempotency, queued, sends FROM requests WHERE seq = ?1",
    "SELECT body FROM bodies WHERE seq = ?1",
    "UPDATE requests SET taken_until = ?2, sends = sends + 1 WHERE seq = ?1",

    "UPDATE requests SET taken_until = NULL, sends = sends - 1 "
    "WHERE id = ?1 AND finished IS NULL AND taken_until IS NOT NULL",

    "UPDATE requests SET finished = ?2, status = ?3, taken_until = NULL "
    "WHERE id = ?1 AND finished IS NULL RETURNING seq",

    "UPDATE bodies SET body = ?2 WHERE seq = ?1",
    "DELETE FROM requests WHERE id = ?1",

    "SELECT * FROM entries WHERE finished IS NULL AND queued <= ?1 - ?2 "
    "AND (taken_until IS NULL OR taken_until <= ?1) ORDER BY seq",

    "DELETE FROM requests WHERE coalesce(finished, queued) <= ?1 - ?2 "
    "AND (taken_until IS NULL OR taken_until <= ?1)",

    "SELECT * FROM entries ORDER BY seq LIMIT ?1",

    "SELECT model FROM requests WHERE finished IS NULL "
    "AND (taken_until IS NULL OR taken_until <= ?1) GROUP BY model ORDER BY min(seq)",

    "SELECT count(*) FILTER (WHERE finished IS NULL AND taken_until IS NULL), "
    "count(*) FILTER (WHERE taken_until IS NOT NULL), "
    "count(*) FILTER (WHERE finished IS NOT NULL) FROM requests",

    "SELECT * FROM entries WHERE id = ?1",
};
static_assert(kSql.size() == static_cast<std::size_t>(Sql::find) + 1);

/// A row of `entries`.
QueueEntry entry_of(const Statement& row) {
    QueueEntry entry;
    entry.id = row.text(0);
    entry.model = row.text(1);
    entry.client = row.text(2);
    entry.queued = row.integer(3);
    entry.sends = row.integer(4);
    if (!row.is_null(5)) entry.state = QueueState::taken;
    if (!row.is_null(6)) entry.state = QueueState::finished;
    return entry;
}

}  // namespace

std::string_view to_string(QueueState state) noexcept {
    switch (state) {
        case QueueState::waiting: return "waiting";
        case QueueState::taken: return "taken";
        case QueueState::finished: return "finished";
    }
    return "unknown";
}

// --- Opening, and transactions -------------------------------------------------------------------

/// They end in the reverse order: while the file is in use, the lock is held.
struct RequestQueue::Parts {
    QueueLimits limits;
    OwnerLock lock;
    std::unique_ptr<Database> database;
    std::vector<Statement> statements;  ///< by Sql

    Statement& operator[](Sql sql) { return statements[static_cast<std::size_t>(sql)]; }

    /// All rows of a statement whose parameters are bound.
    template <class Read>
    Result<void> each(Statement& rows, const Read& read) {
        while (true) {
            const auto row = rows.step();
            if (!row) return row.error();
            if (!*row) return {};
            read(rows);
        }
    }

    Result<std::string> body_of(std::int64_t seq) {
        std::string body;
        auto done = each((*this)[Sql::read_body].bind(1, seq),
                         [&](const Statement& row) { body = row.text(0); });
        if (!done) return std::move(done).error();
        return body;
    }
};

RequestQueue::RequestQueue(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
RequestQueue::~RequestQueue() = default;

Result<std::unique_ptr<RequestQueue>> RequestQueue::open(const fs::path& path_in,
                                                         const QueueLimits& limits) {
    std::error_code error;
    const fs::path path = fs::absolute(path_in, error);
    if (error) return Error(Code::invalid, "there is no current directory: " + error.message());
    if (auto made = make_state_file(path); !made) return std::move(made).error();
    auto lock = OwnerLock::open(path.string() + ".lock");
    if (!lock) return std::move(lock).error();
    const auto taken = lock->take();
    if (!taken) return taken.error();
    if (!*taken) {
        return Error(Code::unavailable, "the queue in " + path.string() + " is in use by process " +
                                            std::to_string(lock->holder()) +
                                            "; stop that one first, or use another state");
    }
    auto parts = std::unique_ptr<Parts>(new Parts{limits, std::move(lock).value(), nullptr, {}});
    auto database = Database::open(path);
    if (!database) return std::move(database).error();
    parts->database = *std::move(database);
    if (auto ready = prepare(*parts->database, kQueueMigrations, kQueueApplicationId); !ready) {
        return std::move(ready).error();
    }
    // Whoever had taken something out is gone: the lock says so.
    if (auto freed = parts->database->execute("UPDATE requests SET taken_until = NULL "
                                              "WHERE taken_until IS NOT NULL");
        !freed) {
        return std::move(freed).error();
    }
    auto statements = parts->database->prepare(kSql);
    if (!statements) return std::move(statements).error();
    parts->statements = *std::move(statements);
    return std::unique_ptr<RequestQueue>(new RequestQueue(std::move(parts)));
}

/// REQUIRES: mutex_ is held.
Result<void> RequestQueue::write(const std::function<Result<void>()>& change) {
    return parts_->database->transact("BEGIN IMMEDIATE", change);
}

// --- In and out ----------------------------------------------------------------------------------

Result<void> RequestQueue::enqueue(const QueuedRequest& request, UnixMs now) {
    const std::lock_guard lock(mutex_);
    return write([&]() -> Result<void> {
        std::int64_t count = 0;
        auto counted = parts_->each((*parts_)[Sql::count],
                                    [&](const Statement& row) { count = row.integer(0); });
        if (!counted) return counted;
        if (static_cast<std::uint64_t>(count) >= parts_->limits.max_requests) {
            return Error(Code::overloaded,
                         "the offline queue is full: " + std::to_string(count) +
                             " requests wait, or have results that nobody has picked up");
        }
        const std::string& key =
            request.idempotency_key.empty() ? request.id : request.idempotency_key;
        auto added = (*parts_)[Sql::insert]
                         .bind(1, std::string_view(request.id))
                         .bind(2, std::string_view(request.dialect))
                         .bind(3, std::string_view(request.model))
                         .bind(4, std::string_view(request.client))
                         .bind(5, std::string_view(key))
                         .bind(6, now)
                         .run();
        if (!added) return added;
        if (parts_->database->changes() == 0) {
            return Error(Code::invalid,
                         "there is a request " + request.id + " in the offline queue already");
        }
        return (*parts_)[Sql::insert_body].bind(1, std::string_view(request.body)).run();
    });
}

Result<std::optional<QueuedRequest>> RequestQueue::take(UnixMs now, UnixMs lease,
                                                        std::optional<std::string_view> model) {
    const std::lock_guard lock(mutex_);
    std::optional<QueuedRequest> request;
    auto done = write([&]() -> Result<void> {
        std::optional<std::int64_t> seq;
        auto looked = parts_->each((*parts_)[Sql::oldest]
                                       .bind(1, now)
                                       .bind(2, std::int64_t{model.has_value()})
                                       .bind(3, model.value_or("")),
                                   [&](const Statement& row) { seq = row.integer(0); });
        if (!looked || !seq) return looked;
        auto taken = (*parts_)[Sql::take].bind(1, *seq).bind(2, now + lease).run();
        if (!taken) return taken;
        auto body = parts_->body_of(*seq);
        if (!body) return std::move(body).error();
        return parts_->each((*parts_)[Sql::read].bind(1, *seq), [&](const Statement& row) {
            request = QueuedRequest{row.text(0),      row.text(1), row.text(2),    row.text(3),
                                    *std::move(body), row.text(4), row.integer(5), row.integer(6)};
        });
    });
    if (!done) return std::move(done).error();
    return request;
}

Result<bool> RequestQueue::give_back(std::string_view id) {
    const std::lock_guard lock(mutex_);
    auto done = write([&] { return (*parts_)[Sql::give_back].bind(1, id).run(); });
    if (!done) return std::move(done).error();
    return parts_->database->changes() > 0;
}

Result<bool> RequestQueue::finish(std::string_view id, int status, std::string_view body,
                                  UnixMs now) {
    const std::lock_guard lock(mutex_);
    std::optional<std::int64_t> seq;
    auto done = write([&]() -> Result<void> {
        auto marked = parts_->each(
            (*parts_)[Sql::finish].bind(1, id).bind(2, now).bind(3, std::int64_t{status}),
            [&](const Statement& row) { seq = row.integer(0); });
        if (!marked || !seq) return marked;
        return (*parts_)[Sql::set_body].bind(1, *seq).bind(2, body).run();
    });
    if (!done) return std::move(done).error();
    return seq.has_value();
}

Result<bool> RequestQueue::remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    auto done = write([&] { return (*parts_)[Sql::remove].bind(1, id).run(); });
    if (!done) return std::move(done).error();
    return parts_->database->changes() > 0;
}

Result<std::vector<QueueEntry>> RequestQueue::drop_expired(UnixMs now) {
    const std::lock_guard lock(mutex_);
    std::vector<QueueEntry> dropped;
    const UnixMs max_age = parts_->limits.max_age;
    auto done = write([&]() -> Result<void> {
        auto found = parts_->each((*parts_)[Sql::expired].bind(1, now).bind(2, max_age),
                                  [&](const Statement& row) { dropped.push_back(entry_of(row)); });
        if (!found) return found;
        return (*parts_)[Sql::remove_expired].bind(1, now).bind(2, max_age).run();
    });
    if (!done) return std::move(done).error();
    return dropped;
}

// --- Looking -------------------------------------------------------------------------------------

Result<std::optional<RequestQueue::Found>> RequestQueue::find(std::string_view id) {
    const std::lock_guard lock(mutex_);
    std::optional<Found> found;
    std::int64_t seq = 0;
    auto read = parts_->each((*parts_)[Sql::find].bind(1, id), [&](const Statement& row) {
        found = Found{entry_of(row), std::nullopt};
        seq = row.integer(8);
        if (found->entry.state == QueueState::finished) {
            found->result = QueuedResult{static_cast<int>(row.integer(7)), {}, row.integer(6)};
        }
    });
    if (!read) return std::move(read).error();
    if (found && found->result) {
        auto body = parts_->body_of(seq);
        if (!body) return std::move(body).error();
        found->result->body = *std::move(body);
    }
    return found;
}

Result<std::vector<QueueEntry>> RequestQueue::list(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::vector<QueueEntry> entries;
    const auto most = static_cast<std::int64_t>(
        std::min<std::uint64_t>(limit, std::numeric_limits<std::int64_t>::max()));
    auto read = parts_->each((*parts_)[Sql::list].bind(1, most),
                             [&](const Statement& row) { entries.push_back(entry_of(row)); });
    if (!read) return std::move(read).error();
    return entries;
}

Result<std::vector<std::string>> RequestQueue::models(UnixMs now) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> models;
    auto read = parts_->each((*parts_)[Sql::models].bind(1, now),
                             [&](const Statement& row) { models.push_back(row.text(0)); });
    if (!read) return std::move(read).error();
    return models;
}

Result<QueueCounts> RequestQueue::counts() {
    const std::lock_guard lock(mutex_);
    QueueCounts counts;
    auto read = parts_->each((*parts_)[Sql::counts], [&](const Statement& row) {
        counts.waiting = static_cast<std::size_t>(row.integer(0));
        counts.taken = static_cast<std::size_t>(row.integer(1));
        counts.finished = static_cast<std::size_t>(row.integer(2));
    });
    if (!read) return std::move(read).error();
    return counts;
}

}  // namespace tenon::store
