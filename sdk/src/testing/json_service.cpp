#include "tenon/testing/json_service.hpp"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/json_text.hpp"

struct tenon_json_document {
    rapidjson::Document tree;
};

namespace tenon::json_service {
namespace {

using Value = rapidjson::Value;

/// Iterative, so that no nesting exhausts the stack of the thread that parses.
constexpr unsigned kParseFlags = rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseFullPrecisionFlag;

void fill(tenon_error* error, std::int32_t code, const std::string& message) {
    if (error == nullptr) return;
    thread_local std::string kept;  // lives until the thread's next failure
    kept = message;
    tenon_error told{};
    told.code = code;
    told.retry_after_ms = -1;
    told.message = {kept.data(), kept.size()};
    told.struct_size = std::min<std::uint32_t>(error->struct_size, sizeof told);
    std::memcpy(error, &told, std::max<std::size_t>(told.struct_size, sizeof told.struct_size));
}

/// One step of a pointer, "~1" and "~0" replaced (RFC 6901). nullopt = malformed.
std::optional<std::string> unescape(std::string_view token) {
    std::string out;
    out.reserve(token.size());
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            out += token[i];
            continue;
        }
        if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        out += token[i] == '0' ? '~' : '/';
    }
    return out;
}

/// "0", "17", "-1" (from the end). nullopt = not an index of the array.
std::optional<rapidjson::SizeType> to_index(std::string_view token, rapidjson::SizeType size) {
    const bool from_end = token.starts_with('-');
    const std::string_view digits = from_end ? token.substr(1) : token;
    if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    rapidjson::SizeType index = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (end.ec != std::errc() || end.ptr != digits.data() + digits.size()) return std::nullopt;
    if (from_end) {
        if (index == 0 || index > size) return std::nullopt;
        return size - index;
    }
    if (index >= size) return std::nullopt;
    return index;
}

struct Found {
    tenon_status status = TENON_OK;
    const Value* value = nullptr;
};

const Value* member_of(const Value& object, const std::string& name) {
    const auto found = object.FindMember(
        Value(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
    return found == object.MemberEnd() ? nullptr : &found->value;
}

Found find(const tenon_json_document& document, std::string_view pointer) {
    const Value* at = &document.tree;
    if (pointer.empty()) return {TENON_OK, at};
    if (pointer.front() != '/') return {TENON_E_INVALID, nullptr};
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::string_view raw = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(raw.size());
        const auto token = unescape(raw);
        if (!token) return {TENON_E_INVALID, nullptr};
        if (at->IsObject()) {
            at = member_of(*at, *token);
        } else if (at->IsArray()) {
            const auto index = to_index(*token, at->Size());
            at = index ? &(*at)[*index] : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) return {TENON_E_NOT_FOUND, nullptr};
    }
    return {TENON_OK, at};
}

std::int64_t integer_of(const Value& value) noexcept {
    if (value.IsInt64()) return value.GetInt64();
    if (!value.IsDouble()) return 0;
    const double number = value.GetDouble();
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    if (!(number >= -kLimit && number < kLimit)) return 0;
    const auto whole = static_cast<std::int64_t>(number);
    return static_cast<double>(whole) == number ? whole : 0;
}

tenon_json_value describe(const Value& value) noexcept {
    tenon_json_value out{};
    out.struct_size = sizeof out;
    switch (value.GetType()) {
        case rapidjson::kNullType: out.type = TENON_JSON_NULL; break;
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            out.type = TENON_JSON_BOOLEAN;
            out.number = value.GetBool() ? 1 : 0;
            break;
        case rapidjson::kNumberType:
            out.type = TENON_JSON_NUMBER;
            out.number = value.GetDouble();
            out.integer = integer_of(value);
            break;
        case rapidjson::kStringType:
            out.type = TENON_JSON_STRING;
            out.text = {value.GetString(), value.GetStringLength()};
            break;
        case rapidjson::kArrayType:
            out.type = TENON_JSON_ARRAY;
            out.count = value.Size();
            break;
        case rapidjson::kObjectType:
            out.type = TENON_JSON_OBJECT;
            out.count = value.MemberCount();
            break;
    }
    return out;
}

std::string_view view(const tenon_str& text) noexcept {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

}  // namespace

const tenon_json_document* parse(const tenon_str* text, tenon_error* error) noexcept {
    try {
        auto document = std::make_unique<tenon_json_document>();
        document->tree.Parse<kParseFlags>(text->len == 0 ? "" : text->ptr, text->len);
        if (!document->tree.HasParseError()) return document.release();
        fill(error, TENON_E_INVALID,
             "not valid JSON at byte " + std::to_string(document->tree.GetErrorOffset()) + ": " +
                 rapidjson::GetParseError_En(document->tree.GetParseError()));
    } catch (const std::bad_alloc&) {
        if (error != nullptr) error->code = TENON_E_NOMEM;
    }
    return nullptr;
}

void release(const tenon_json_document* document) noexcept {
    delete document;
}

tenon_status get(const tenon_json_document* document, const tenon_str* pointer,
                 tenon_json_value* out) noexcept {
    if (document == nullptr || pointer == nullptr || out == nullptr) return TENON_E_INVALID;
    try {
        const Found found = find(*document, view(*pointer));
        if (found.value == nullptr) return found.status;
        // The caller may know a smaller or a larger struct than this host.
        const tenon_json_value value = describe(*found.value);
        const std::uint32_t size = std::min<std::uint32_t>(out->struct_size, sizeof value);
        std::memcpy(out, &value, size);
        out->struct_size = size;
        return TENON_OK;
    } catch (const std::bad_alloc&) {
        return TENON_E_NOMEM;
    }
}

tenon_status member_name(const tenon_json_document* document, const tenon_str* pointer,
                         std::uint64_t index, tenon_str* name) noexcept {
    if (document == nullptr || pointer == nullptr || name == nullptr) return TENON_E_INVALID;
    try {
        const Found found = find(*document, view(*pointer));
        if (found.value == nullptr) return found.status;
        if (!found.value->IsObject() || index >= found.value->MemberCount()) {
            return TENON_E_NOT_FOUND;
        }
        const auto member = found.value->MemberBegin() + static_cast<std::ptrdiff_t>(index);
        *name = {member->name.GetString(), member->name.GetStringLength()};
        return TENON_OK;
    } catch (const std::bad_alloc&) {
        return TENON_E_NOMEM;
    }
}

std::size_t quote(const tenon_str* text, char* buffer, std::size_t capacity) noexcept {
    try {
        std::string out;
        append_json_string(out, view(*text));
        if (out.size() <= capacity) std::memcpy(buffer, out.data(), out.size());
        return out.size();
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

}  // namespace tenon::json_service
