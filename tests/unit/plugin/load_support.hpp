#pragma once

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "plugin/load_error.hpp"
#include "support/temporary_directory.hpp"

namespace tenon::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Writes a file that only its owner may change.
inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    std::filesystem::permissions(path, std::filesystem::perms(0644));
}

/// A library that can be loaded: the probe.
inline std::filesystem::path good_library() {
    return std::filesystem::path(TENON_TEST_PLUGINS) / "probe.so";
}

inline std::filesystem::path bad_library(const std::string& sin) {
    return std::filesystem::path(TENON_TEST_BAD_PLUGINS) / (sin + ".so");
}

/// The error is one sentence that names the file, says what is wrong and then what to do.
inline void check_sentence(const plugin::LoadError& error, const std::filesystem::path& file,
                           std::initializer_list<std::string_view> parts) {
    const std::string text = error.to_error().message;
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(text.starts_with(file.string() + ": "));
        const std::string_view sentence = std::string_view(text).substr(file.string().size());
        BOOST_TEST((sentence.find("; ") != std::string_view::npos));  // what to do
        BOOST_TEST((sentence.find('\n') == std::string_view::npos));
        BOOST_TEST((sentence.find('\x1b') == std::string_view::npos));
        BOOST_TEST((sentence.find(". ") == std::string_view::npos));
        BOOST_TEST(!sentence.ends_with('.'));
        for (const std::string_view part : parts) {
            BOOST_TEST_CONTEXT("without: " << part) {
                BOOST_TEST((sentence.find(part) != std::string_view::npos));
            }
        }
    }
}

}  // namespace tenon::test
