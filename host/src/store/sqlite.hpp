#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace tenon::store {

class Statement;

/// One connection to one SQLite file. Every error names the file, says why, and what to do.
///
/// \par Thread-safety
/// None, and neither have its statements.
class Database {
public:
    /// Opens a file that exists, and changes nothing in it; it need not be a database, which only
    /// the first statement finds out.
    /// \param path absolute
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// One or several statements without parameters, whose rows do not matter.
    Result<void> execute(const std::string& sql);

    /// One statement with parameters ?1, ?2, ...
    /// \par Object lifetimes
    /// It must not outlive the database.
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);

    /// \name The first column of the first row
    /// \par Preconditions
    /// There is one.
    /// @{
    [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
    [[nodiscard]] Result<std::string> text(std::string_view sql);
    /// @}

    /// The same for each, in their order.
    [[nodiscard]] Result<std::vector<Statement>> prepare(std::span<const char* const> sqls);

    /// `work` within a transaction: all of it or nothing. Errors: of `work`, of SQLite, or
    /// Code::unavailable, and nothing is done, if the file has moved.
    /// \param begin how the transaction begins, e.g. "BEGIN IMMEDIATE"
    Result<void> transact(const char* begin, const std::function<Result<void>()>& work);

    /// Switches the file to write-ahead logging, in which a commit is one append; it stays so.
    Result<void> use_write_ahead_log();

    [[nodiscard]] bool in_transaction() const noexcept;
    /// How many rows the last statement has changed.
    [[nodiscard]] std::int64_t changes() const noexcept;
    /// Whether another file, or none, stands at the path by now: what is committed is lost.
    [[nodiscard]] bool has_moved() const noexcept;

    /// What went wrong last, for a person.
    [[nodiscard]] Error failure() const;
    /// \param why completes "cannot use the state in <path>: "
    [[nodiscard]] Error failure(Code code, const std::string& why) const;

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept;
    };

    explicit Database(std::filesystem::path path) : path_(std::move(path)) {}

    std::filesystem::path path_;
    std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement; moves along with its user, and may be run any number of times.
class Statement {
public:
    /// \name Parameters, counted from 1
    /// Texts are borrowed until the statement has run. An error comes out of step().
    /// @{
    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, std::string_view value);
    Statement& bind(int index, std::optional<std::int64_t> value);
    /// @}

    /// \return whether there is a row. Without one, and after an error, the statement is ready to
    /// be bound and run again.
    [[nodiscard]] Result<bool> step();
    /// Steps to the end.
    Result<void> run();

    /// \name Columns of the row, counted from 0
    /// @{
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
    /// @}

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const noexcept;
    };

    Statement(const Database& database, sqlite3_stmt* handle)
        : database_(&database), handle_(handle) {}
    void note(int result);

    const Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
    std::optional<Error> bind_error_;
};

}  // namespace tenon::store
