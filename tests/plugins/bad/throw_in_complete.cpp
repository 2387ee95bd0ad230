// complete() throws an std::exception; for the model "int" it throws a number.
#include <stdexcept>
#include <string_view>

#include "throwing.hpp"

namespace {

tenon_status complete(tenon_provider*, tenon_conn*, const tenon_request* request, tenon_call) {
    if (std::string_view(request->model.ptr, request->model.len) == "int") throw 42;
    throw std::runtime_error("vector::at");
}

const tenon_plugin* plugin() {
    static tenon_test::Library library("throw_in_complete");
    library.table.create = &tenon_test::create;
    library.table.destroy = &tenon_test::destroy;
    library.table.complete = tenon_test::unchecked<decltype(library.table.complete)>(&complete);
    return &library.plugin;
}

}  // namespace

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t) noexcept {
    return plugin();
}
