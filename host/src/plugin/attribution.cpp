#include "plugin/attribution.hpp"

namespace tenon::plugin {

Attribution& current_attribution() noexcept {
    thread_local Attribution attribution;
    return attribution;
}

}  // namespace tenon::plugin
