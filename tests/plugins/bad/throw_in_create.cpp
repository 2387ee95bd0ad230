// create() throws.
#include <stdexcept>

#include "throwing.hpp"

namespace {

tenon_status create(const tenon_host*, const tenon_str*, tenon_provider**, tenon_error*) {
    throw std::runtime_error("out_of_range");
}
tenon_status complete(tenon_provider*, tenon_conn*, const tenon_request*, tenon_call) noexcept {
    return TENON_E_INTERNAL;
}

const tenon_plugin* plugin() {
    static tenon_test::Library library("throw_in_create");
    library.table.create = tenon_test::unchecked<decltype(library.table.create)>(&create);
    library.table.destroy = &tenon_test::destroy;
    library.table.complete = &complete;
    return &library.plugin;
}

}  // namespace

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t) noexcept {
    return plugin();
}
