#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "support/fake_llm.hpp"
#include "tenon/host/host.hpp"

namespace tenon::test {

/// The message of a result that is not the wanted one.
template <class T>
std::string why(const Result<T>& result) {
    return result ? std::string() : result.error().message;
}

/// A host with the bundled plugins and nothing else configured.
inline std::unique_ptr<host::Host> open_host(host::HostOptions options = {}) {
    options.plugin_directories.emplace_back(TENON_TEST_PLUGIN_DIR);
    if (options.log_level.empty()) options.log_level = "off";
    auto opened = host::Host::open(options);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), why(opened));
    return *std::move(opened);
}

inline void add(host::Host& host, const std::string& name, const std::string& kind,
                const std::string& config = "{}") {
    const auto added = host.add_provider({name, kind, config, {}});
    BOOST_REQUIRE_MESSAGE(added.has_value(), why(added));
}

inline host::ChatRequest ask(const std::string& provider, const std::string& text,
                             const std::string& model = {}) {
    host::ChatRequest request;
    request.provider = provider;
    request.model = model;
    request.messages.push_back({"user", text});
    return request;
}

/// The named provider's line of status().
inline host::ProviderStatus status_of(host::Host& host, const std::string& name) {
    for (const auto& status : host.status()) {
        if (status.name == name) return status;
    }
    BOOST_FAIL("no status of " << name);
    return {};
}

inline std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

}  // namespace tenon::test
