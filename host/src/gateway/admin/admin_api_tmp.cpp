// Until the admin API is whole: answers 501. Replaced by admin_api.cpp.
#include "gateway/admin/admin_api.hpp"
#include "net/io_threads.hpp"
namespace tenon::gateway {
class AdminApi::Impl {
public:
    AdminContext c;
};
AdminApi::AdminApi(AdminContext context) : impl_(new Impl{std::move(context)}) {}
AdminApi::~AdminApi() = default;
bool AdminApi::serves(std::string_view target) noexcept {
    return target.starts_with("/admin/");
}
net::Awaitable<void> AdminApi::handle(transport::ServerRequest&, transport::ResponseWriter& r,
                                      bool) {
    co_await r.send(501, {}, "not yet\n");
}
void AdminApi::stop() {}
}  // namespace tenon::gateway
