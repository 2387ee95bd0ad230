#include "core/health_verdict.hpp"

namespace tenon::core {

bool blames_configuration(const Error& error) noexcept {
    switch (error.code) {
        case Code::auth:
        case Code::forbidden: return true;
        case Code::invalid:
            if (error.scope == Scope::provider) return true;
            break;
        default: break;
    }
    return error.http_status == 401 || error.http_status == 403;
}

}  // namespace tenon::core
