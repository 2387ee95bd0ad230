#include "transport/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "transport/connection_pool.hpp"
#include "transport/exchange_task.hpp"

namespace tenon::transport {

HttpClient::HttpClient(boost::asio::io_context& io, const HttpOptions& options)
    : pool_(std::make_shared<ConnectionPool>(io, options)) {}

HttpClient::~HttpClient() {
    boost::asio::post(pool_->io(), [pool = pool_] { pool->shut_down(); });
}

std::shared_ptr<Exchange> HttpClient::start(HttpRequest request, HttpSink& sink) {
    auto task = std::make_shared<ExchangeTask>(pool_, std::move(request), sink);
    task->start();
    return task;
}

HttpClient::Counts HttpClient::counts() const noexcept {
    return pool_->counts();
}

}  // namespace tenon::transport
