#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tenon/plugin/call.hpp"
#include "tenon/plugin/host.hpp"
#include "tenon/result.hpp"

namespace tenon {

enum class JsonType : std::uint32_t {
    null = TENON_JSON_NULL,
    boolean = TENON_JSON_BOOLEAN,
    number = TENON_JSON_NUMBER,
    string = TENON_JSON_STRING,
    array = TENON_JSON_ARRAY,
    object = TENON_JSON_OBJECT,
};

/// A read-only JSON document over the host's `tenon.json/1`: look-ups by JSON pointer, in which a
/// negative array index counts from the end ("/messages/-1/content").
///
/// \par Object lifetimes
/// Strings are views into the document: valid while it lives. The document of a request
/// (`of_request`) is valid until the call is finished.
/// \par Thread-safety
/// Immutable after construction: any number of threads may read it.
class JsonDocument {
public:
    /// Parses `text`; the document is independent of it.
    /// Errors: Code::invalid with the offset, Code::unsupported if the host has no JSON service.
    [[nodiscard]] static Result<JsonDocument> parse(HostRef host, std::string_view text);

    /// The call's request body, parsed by the host at most once.
    /// Errors: Code::invalid if it is not JSON, Code::stale for a finished call, Code::unsupported
    /// if the host has no JSON service.
    [[nodiscard]] static Result<JsonDocument> of_request(const Call& call);

    JsonDocument(JsonDocument&& other) noexcept
        : host_(other.host_),
          service_(other.service_),
          document_(std::exchange(other.document_, nullptr)),
          owned_(other.owned_) {}
    JsonDocument& operator=(JsonDocument&& other) noexcept {
        std::swap(host_, other.host_);
        std::swap(service_, other.service_);
        std::swap(document_, other.document_);
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~JsonDocument() {
        if (owned_ && document_ != nullptr) service_->release(host_.ctx(), document_);
    }

    /// The value at `pointer`; nullopt if there is none.
    [[nodiscard]] std::optional<tenon_json_value> value(std::string_view pointer) const noexcept;

    [[nodiscard]] bool has(std::string_view pointer) const noexcept {
        return value(pointer).has_value();
    }
    [[nodiscard]] std::optional<JsonType> type(std::string_view pointer) const noexcept;

    /// The value if it is there and of that type.
    [[nodiscard]] std::optional<std::string_view> string(std::string_view pointer) const noexcept;
    [[nodiscard]] std::optional<double> number(std::string_view pointer) const noexcept;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view pointer) const noexcept;
    [[nodiscard]] std::optional<bool> boolean(std::string_view pointer) const noexcept;

    /// Members of the array or object at `pointer`; 0 if it is neither.
    [[nodiscard]] std::uint64_t size(std::string_view pointer) const noexcept;

    /// The name of the object's member number `index`, in the order of the text.
    [[nodiscard]] std::optional<std::string_view> member_name(std::string_view pointer,
                                                              std::uint64_t index) const noexcept;

    /// A string as it is, a number or boolean as text; nullopt for the rest.
    [[nodiscard]] std::optional<std::string> find(std::string_view pointer) const;

private:
    JsonDocument(HostRef host, const tenon_json_v1* service, const tenon_json_document* document,
                 bool owned) noexcept
        : host_(host), service_(service), document_(document), owned_(owned) {}

    HostRef host_;
    const tenon_json_v1* service_;
    const tenon_json_document* document_;
    bool owned_;
};

}  // namespace tenon
