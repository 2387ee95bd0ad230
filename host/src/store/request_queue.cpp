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
constexpr std::array<Migration, 2> kQueueMigrations{
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

    R"sql(
        ALTER TABLE requests ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE requests SET bytes =
            coalesce((SELECT length(CAST(body AS BLOB)) FROM bodies
                      WHERE bodies.seq = requests.seq), 0);
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
    lanes,
    counts,
    find,
};

/// By Sql.
constexpr std::array kSql{
    "SELECT count(*), coalesce(sum(bytes), 0) FROM requests",

    "INSERT INTO requests (id, dialect, model, client, idempotency, queued, bytes) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",

    "INSERT INTO bodies (seq, body) VALUES (last_insert_rowid(), ?1)",

    "SELECT seq FROM requests WHERE finished IS NULL "
    "AND (taken_until IS NULL OR taken_until <= ?1) "
    "AND (?2 = 0 OR (model = ?3 AND client = ?4)) ORDER BY seq LIMIT 1",

    "SELECT id, dialect, model, client, idempotency, queued, sends FROM requests WHERE seq = ?1",
    "SELECT body FROM bodies WHERE seq = ?1",
    "UPDATE requests SET taken_until = ?2, sends = sends + 1 WHERE seq = ?1",

    "UPDATE requests SET taken_until = NULL, sends = sends - 1 "
    "WHERE id = ?1 AND finished IS NULL AND taken_until IS NOT NULL",

    "UPDATE requests SET finished = ?2, status = ?3, bytes = ?4, taken_until = NULL "
    "WHERE id = ?1 AND finished IS NULL RETURNING seq",

    "UPDATE bodies SET body = ?2 WHERE seq = ?1",
    "DELETE FROM requests WHERE id = ?1",

    "SELECT * FROM entries WHERE finished IS NULL AND queued <= ?1 - ?2 "
    "AND (taken_until IS NULL OR taken_until <= ?1) ORDER BY seq",

    "DELETE FROM requests WHERE coalesce(finished, queued) <= ?1 - ?2 "
    "AND (taken_until IS NULL OR taken_until <= ?1)",

    "SELECT * FROM entries ORDER BY seq LIMIT ?1",

    "SELECT model, client FROM requests WHERE finished IS NULL "
    "AND (taken_until IS NULL OR taken_until <= ?1) GROUP BY model, client ORDER BY min(seq)",

    "SELECT count(*) FILTER (WHERE finished IS NULL AND taken_until IS NULL), "
    "count(*) FILTER (WHERE taken_until IS NOT NULL), "
    "count(*) FILTER (WHERE finished IS NOT NULL), coalesce(sum(bytes), 0) FROM requests",

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

    /// Can a request with a body of `bytes` be taken in?
    Result<void> room_for(std::uint64_t bytes) {
        if (bytes > limits.max_bytes) {
            Error error(Code::too_large,
                        "the request has " + std::to_string(bytes) +
                            " bytes, and the whole offline queue may have no more than " +
                            std::to_string(limits.max_bytes));
            error.http_status = 413;  // not the model's context
            return error;
        }
        std::uint64_t count = 0;
        std::uint64_t used = 0;
        auto counted = each((*this)[Sql::count], [&](const Statement& row) {
            count = static_cast<std::uint64_t>(row.integer(0));
            used = static_cast<std::uint64_t>(row.integer(1));
        });
        if (!counted) return counted;
        // Results may have made it larger than it should be.
        if (count < limits.max_requests && used <= limits.max_bytes - bytes) return {};
        Error full(Code::overloaded, "the offline queue is full: " + std::to_string(count) +
                                         " requests with " + std::to_string(used) +
                                         " bytes wait, or have results that nobody has picked up");
        full.retryable = true;
        full.not_sent = true;
        return full;
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
        if (auto room = parts_->room_for(request.body.size()); !room) return room;
        const std::string& key =
            request.idempotency_key.empty() ? request.id : request.idempotency_key;
        auto added = (*parts_)[Sql::insert]
                         .bind(1, std::string_view(request.id))
                         .bind(2, std::string_view(request.dialect))
                         .bind(3, std::string_view(request.model))
                         .bind(4, std::string_view(request.client))
                         .bind(5, std::string_view(key))
                         .bind(6, now)
                         .bind(7, static_cast<std::int64_t>(request.body.size()))
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
                                                        const QueueLane* lane) {
    const std::lock_guard lock(mutex_);
    std::optional<QueuedRequest> request;
    auto done = write([&]() -> Result<void> {
        std::optional<std::int64_t> seq;
        auto looked = parts_->each((*parts_)[Sql::oldest]
                                       .bind(1, now)
                                       .bind(2, std::int64_t{lane != nullptr})
                                       .bind(3, std::string_view(lane ? lane->model : ""))
                                       .bind(4, std::string_view(lane ? lane->client : "")),
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
        auto marked = parts_->each((*parts_)[Sql::finish]
                                       .bind(1, id)
                                       .bind(2, now)
                                       .bind(3, std::int64_t{status})
                                       .bind(4, static_cast<std::int64_t>(body.size())),
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

Result<std::vector<QueueLane>> RequestQueue::lanes(UnixMs now) {
    const std::lock_guard lock(mutex_);
    std::vector<QueueLane> lanes;
    auto read = parts_->each((*parts_)[Sql::lanes].bind(1, now), [&](const Statement& row) {
        lanes.push_back({row.text(0), row.text(1)});
    });
    if (!read) return std::move(read).error();
    return lanes;
}

Result<QueueCounts> RequestQueue::counts() {
    const std::lock_guard lock(mutex_);
    QueueCounts counts;
    auto read = parts_->each((*parts_)[Sql::counts], [&](const Statement& row) {
        counts.waiting = static_cast<std::size_t>(row.integer(0));
        counts.taken = static_cast<std::size_t>(row.integer(1));
        counts.finished = static_cast<std::size_t>(row.integer(2));
        counts.bytes = static_cast<std::uint64_t>(row.integer(3));
    });
    if (!read) return std::move(read).error();
    return counts;
}

}  // namespace tenon::store
