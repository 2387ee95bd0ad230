#include "tenon/plugin/json.hpp"

#include <charconv>
#include <system_error>

namespace tenon {

Result<JsonDocument> JsonDocument::parse(HostRef host, std::string_view text) {
    const tenon_json_v1* service = host.json();
    if (service == nullptr) {
        return Error(Code::unsupported, std::string("this host has no service ") + TENON_JSON_V1);
    }
    const tenon_str in = to_abi(text);
    tenon_error error{};
    error.struct_size = sizeof error;
    error.retry_after_ms = -1;
    const tenon_json_document* document = service->parse(host.ctx(), &in, &error);
    if (document == nullptr) return Error::from_abi(error);
    return JsonDocument(host, service, document, true);
}

Result<JsonDocument> JsonDocument::of_request(const Call& call) {
    const HostRef host = call.host();
    const tenon_json_v1* service = host.json();
    if (service == nullptr) {
        return Error(Code::unsupported, std::string("this host has no service ") + TENON_JSON_V1);
    }
    const tenon_json_document* document = service->request(host.ctx(), call.handle());
    if (document == nullptr && call.finished()) return Error(Code::stale, "the call has ended");
    if (document == nullptr) return Error(Code::invalid, "the request's body is not valid JSON");
    return JsonDocument(host, service, document, false);
}

std::optional<tenon_json_value> JsonDocument::value(std::string_view pointer) const noexcept {
    const tenon_str path = to_abi(pointer);
    tenon_json_value out{};
    out.struct_size = sizeof out;
    if (service_->get(host_.ctx(), document_, &path, &out) != TENON_OK) return std::nullopt;
    return out;
}

std::optional<JsonType> JsonDocument::type(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    if (!found) return std::nullopt;
    return static_cast<JsonType>(found->type);
}

std::optional<std::string_view> JsonDocument::string(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    if (!found || found->type != TENON_JSON_STRING) return std::nullopt;
    return from_abi(found->text);
}

std::optional<double> JsonDocument::number(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    if (!found || found->type != TENON_JSON_NUMBER) return std::nullopt;
    return found->number;
}

std::optional<std::int64_t> JsonDocument::integer(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    if (!found || found->type != TENON_JSON_NUMBER) return std::nullopt;
    // A fraction or an integer out of range leaves `integer` at 0 beside a number that is not.
    if (found->integer == 0 && found->number != 0.0) return std::nullopt;
    return found->integer;
}

std::optional<bool> JsonDocument::boolean(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    if (!found || found->type != TENON_JSON_BOOLEAN) return std::nullopt;
    return found->number != 0.0;
}

std::uint64_t JsonDocument::size(std::string_view pointer) const noexcept {
    const auto found = value(pointer);
    return found ? found->count : 0;
}

std::optional<std::string_view> JsonDocument::member_name(std::string_view pointer,
                                                          std::uint64_t index) const noexcept {
    const tenon_str path = to_abi(pointer);
    tenon_str name{};
    if (service_->member_name(host_.ctx(), document_, &path, index, &name) != TENON_OK) {
        return std::nullopt;
    }
    return from_abi(name);
}

std::optional<std::string> JsonDocument::find(std::string_view pointer) const {
    const auto found = value(pointer);
    if (!found) return std::nullopt;
    switch (static_cast<JsonType>(found->type)) {
        case JsonType::string: return std::string(from_abi(found->text));
        case JsonType::boolean: return std::string(found->number != 0.0 ? "true" : "false");
        case JsonType::number: {
            char buffer[32];
            const bool whole = found->integer != 0 || found->number == 0.0;
            const auto end = whole ? std::to_chars(buffer, buffer + sizeof buffer, found->integer)
                                   : std::to_chars(buffer, buffer + sizeof buffer, found->number);
            if (end.ec != std::errc()) return std::nullopt;
            return std::string(buffer, end.ptr);
        }
        default: return std::nullopt;
    }
}

}  // namespace tenon
