#include "plugin/plausible.hpp"
#include "plugin/proxy_access.hpp"
#include "plugin/services.hpp"
#include "tenon/testing/json_service.hpp"

namespace tenon::plugin {
namespace {

const tenon_json_document* TENON_CALL parse(void*, const tenon_str* text,
                                            tenon_error* error) noexcept {
    return text != nullptr && is_plausible(*text) ? json_service::parse(text, error) : nullptr;
}

void TENON_CALL release(void*, const tenon_json_document* document) noexcept {
    json_service::release(document);
}

const tenon_json_document* TENON_CALL request(void* ctx, tenon_call call) noexcept {
    return ProxyAccess::request_json(ctx, call);
}

tenon_status TENON_CALL get(void*, const tenon_json_document* document, const tenon_str* pointer,
                            tenon_json_value* out) noexcept {
    if (pointer == nullptr || !is_plausible(*pointer)) return TENON_E_INVALID;
    return json_service::get(document, pointer, out);
}

tenon_status TENON_CALL member_name(void*, const tenon_json_document* document,
                                    const tenon_str* pointer, std::uint64_t index,
                                    tenon_str* name) noexcept {
    if (pointer == nullptr || !is_plausible(*pointer)) return TENON_E_INVALID;
    return json_service::member_name(document, pointer, index, name);
}

std::size_t TENON_CALL quote(void*, const tenon_str* text, char* buffer,
                             std::size_t capacity) noexcept {
    if (text == nullptr || !is_plausible(*text)) return 0;
    return json_service::quote(text, buffer, buffer == nullptr ? 0 : capacity);
}

}  // namespace

const tenon_json_v1& json_service_table() noexcept {
    static const tenon_json_v1 table = {
        sizeof(tenon_json_v1), 0, &parse, &release, &request, &get, &member_name, &quote};
    return table;
}

}  // namespace tenon::plugin
