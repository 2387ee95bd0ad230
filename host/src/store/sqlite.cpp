#include "store/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace tenon::store {
namespace {

/// How long to wait for another process that writes. Its transactions take milliseconds.
constexpr int kBusyTimeoutMs = 2'000;

/// SQLite does not wait for others when the journal's mode changes, so this does.
constexpr int kSwitchTries = 400;
constexpr int kSwitchPauseMs = 5;

struct Cause {
    Code code;
    std::string why;
};

std::string operating_system_says(int error) {
    return error == 0 ? "" : " (" + std::error_code(error, std::generic_category()).message() + ")";
}

Cause cause_of(int result, const char* text, int system_error) {
    switch (result & 0xFF) {  // the rest is detail
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Code::unavailable, "another program is busy writing to it; try again"};
        case SQLITE_FULL: return {Code::unavailable, "the disk is full; make room, then try again"};
        case SQLITE_NOTADB:
            return {Code::invalid,
                    "the file is something else, or damaged beyond recognition; move it away, or "
                    "choose another file with TENON_STATE"};
        case SQLITE_CORRUPT:
            return {Code::invalid,
                    "the file is damaged; move it away, and the -wal and -shm beside it, to start "
                    "anew with every provider enabled"};
        case SQLITE_PERM:
        case SQLITE_READONLY:
            return {Code::forbidden,
                    "it cannot be written; give this user the right to write the file and its "
                    "directory, or choose another file with TENON_STATE"};
        case SQLITE_CANTOPEN:
            return {Code::forbidden, "the file, or its -wal and -shm, cannot be opened" +
                                         operating_system_says(system_error) +
                                         "; repair that, or choose another file with TENON_STATE"};
        case SQLITE_IOERR:
            return {Code::unavailable, "reading or writing failed" +
                                           operating_system_says(system_error) +
                                           "; look after the disk, then try again"};
        case SQLITE_NOMEM: return {Code::no_memory, "out of memory"};
        default: return {Code::internal, std::string("SQLite says: ") + text};
    }
}

}  // namespace

// --- Database ------------------------------------------------------------------------------------

void Database::Close::operator()(sqlite3* handle) const noexcept {
    sqlite3_close(handle);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
    std::unique_ptr<Database> database(new Database(path));
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &handle,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database->handle_.reset(handle);  // there is one in most failures too
    if (result != SQLITE_OK) return database->failure();
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    return database;
}

Result<void> Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return failure();
    }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle,
                           nullptr) != SQLITE_OK) {
        return failure();
    }
    return Statement(*this, handle);
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    if (const auto row = statement->step(); !row) return row.error();
    return statement->integer(0);
}

Result<std::string> Database::text(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    if (const auto row = statement->step(); !row) return row.error();
    return statement->text(0);
}

Result<void> Database::use_write_ahead_log() {
    for (int tried = 1;; ++tried) {
        const auto mode = text("PRAGMA journal_mode = WAL");
        if (mode && *mode == "wal") return {};
        if (mode) {
            return failure(Code::unsupported,
                           "its file system has no shared memory for SQLite; choose a file on a "
                           "local disk with TENON_STATE");
        }
        if (sqlite3_errcode(handle_.get()) != SQLITE_BUSY || tried == kSwitchTries) {
            return mode.error();
        }
        sqlite3_sleep(kSwitchPauseMs);
    }
}

Result<std::vector<Statement>> Database::prepare(std::span<const char* const> sqls) {
    std::vector<Statement> statements;
    for (const char* sql : sqls) {
        auto statement = prepare(std::string_view(sql));
        if (!statement) return std::move(statement).error();
        statements.push_back(*std::move(statement));
    }
    return statements;
}

Result<void> Database::transact(const char* begin, const std::function<Result<void>()>& work) {
    if (has_moved()) {
        return failure(Code::unavailable,
                       "the file was moved or deleted while in use, and what is written "
                       "would be lost; restart to go on with the file that is there now");
    }
    const auto all = [&]() -> Result<void> {
        if (auto begun = execute(begin); !begun) return begun;
        if (auto done = work(); !done) return done;
        return execute("COMMIT");
    };
    auto done = all();
    // Of two errors the first one counts.
    if (!done && in_transaction()) (void)execute("ROLLBACK");
    return done;
}

bool Database::in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

std::int64_t Database::changes() const noexcept {
    return sqlite3_changes(handle_.get());
}

bool Database::has_moved() const noexcept {
    int moved = 0;
    return sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
               SQLITE_OK &&
           moved != 0;
}

Error Database::failure() const {
    Cause cause = cause_of(sqlite3_extended_errcode(handle_.get()), sqlite3_errmsg(handle_.get()),
                           sqlite3_system_errno(handle_.get()));
    return failure(cause.code, cause.why);
}

Error Database::failure(Code code, const std::string& why) const {
    Error error(code, "cannot use the state in " + path_.string() + ": " + why);
    error.scope = Scope::request;  // no provider is to blame
    return error;
}

// --- Statement -----------------------------------------------------------------------------------

void Statement::Finalize::operator()(sqlite3_stmt* handle) const noexcept {
    sqlite3_finalize(handle);
}

void Statement::note(int result) {
    if (result != SQLITE_OK && !bind_error_) bind_error_ = database_->failure();
}

Statement& Statement::bind(int index, std::int64_t value) {
    note(sqlite3_bind_int64(handle_.get(), index, value));
    return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
    const char* data = value.empty() ? "" : value.data();  // nullptr would be NULL
    note(sqlite3_bind_text64(handle_.get(), index, data, value.size(), nullptr, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
    if (value) return bind(index, *value);
    note(sqlite3_bind_null(handle_.get(), index));
    return *this;
}

Result<bool> Statement::step() {
    if (auto error = std::exchange(bind_error_, std::nullopt)) return std::move(*error);
    const int result = sqlite3_step(handle_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) {
        sqlite3_reset(handle_.get());
        return false;
    }
    Error error = database_->failure();
    sqlite3_reset(handle_.get());
    return error;
}

Result<void> Statement::run() {
    while (true) {
        const auto row = step();
        if (!row) return row.error();
        if (!*row) return {};
    }
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(handle_.get(), column);
    if (data == nullptr) return {};
    return {reinterpret_cast<const char*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

}  // namespace tenon::store
