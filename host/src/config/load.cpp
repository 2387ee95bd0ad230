#include "config/load.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "config/derive.hpp"
#include "config/profile.hpp"
#include "tenon/result.hpp"

namespace tenon::config {
namespace {

namespace fs = std::filesystem;

std::string variable(const Environment& environment, std::string_view name) {
    return environment(name).value_or("");
}

Result<std::string> read_file(const fs::path& file) {
    std::error_code unknown;
    const fs::file_status status = fs::status(file, unknown);
    if (status.type() == fs::file_type::not_found) {
        return Error{Code::not_found, "there is no such file"};
    }
    if (fs::is_directory(status)) return Error{Code::invalid, "is a directory, not a file"};
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        const std::error_code reason(errno, std::generic_category());
        return Error{Code::invalid, "cannot be opened: " + reason.message()};
    }
    std::string text;
    std::array<char, 16 * 1024> block;
    while (stream && text.size() <= kLongestFile) {
        stream.read(block.data(), block.size());
        text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad()) return Error{Code::invalid, "cannot be read"};
    if (text.size() > kLongestFile) return Error{Code::too_large, "is larger than 4 MiB"};
    return text;
}

}  // namespace

std::optional<fs::path> find_file(const fs::path& given, const Environment& environment) {
    if (!given.empty()) return given;
    if (const auto named = variable(environment, "TENON_CONFIG"); !named.empty()) return named;
    fs::path directory = variable(environment, "XDG_CONFIG_HOME");
    // The XDG specification has relative paths ignored.
    if (!directory.is_absolute()) {
        directory = variable(environment, "HOME");
        if (directory.empty()) return std::nullopt;
        directory /= ".config";
    }
    const fs::path file = directory / "tenon" / "config.json";
    std::error_code unknown;
    if (fs::status(file, unknown).type() == fs::file_type::not_found) return std::nullopt;
    return file;
}

LoadResult load(const fs::path& given, const Environment& environment, Profile usual) {
    const auto file = find_file(given, environment);
    if (!file) {
        Config config = defaults_of(usual);
        derive(config);
        return {.config = std::move(config), .problems = {}, .file = {}};
    }
    auto text = read_file(*file);
    if (text) {
        LoadResult result = parse(*text, *file, environment, usual);
        wipe(*text);
        return result;
    }
    Problem problem;
    problem.file = file->string();
    problem.message = text.error().message;
    return {.config = std::nullopt, .problems = {std::move(problem)}, .file = *file};
}

}  // namespace tenon::config
