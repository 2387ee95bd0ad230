#include "transport/http_server.hpp"

#include <boost/asio/post.hpp>
#include <latch>
#include <utility>

#include "net/io_threads.hpp"
#include "transport/server_shard.hpp"

namespace tenon::transport {

struct HttpServer::Impl {
    Impl(net::IoThreads& threads_in, HttpHandler& handler, const HttpServerOptions& options)
        : threads(threads_in), context{handler, options} {
        for (std::size_t i = 0; i < threads.size(); ++i) {
            shards.push_back(std::make_shared<ServerShard>(threads.context(i), i, context));
        }
    }

    Result<void> open(const std::vector<net::ListenEndpoint>& wanted);
    void accept_on(net::Listener& listener);

    /// Calls `function` with each shard on its I/O thread, and waits until each has called the
    /// second argument.
    template <class F>
    void on_each_shard(F function) {
        // Shared: the last one to count down may still be at it when the wait is over.
        const auto latch = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shards.size()));
        for (const auto& shard : shards) {
            boost::asio::post(shard->io(), [shard, function, latch] {
                function(*shard, [latch] { latch->count_down(); });
            });
        }
        latch->wait();
    }

    net::IoThreads& threads;
    ServerContext context;
    std::vector<std::shared_ptr<ServerShard>> shards;
    std::vector<std::unique_ptr<net::Listener>> listeners;
    std::vector<net::ListenEndpoint> endpoints;
    std::atomic<std::size_t> next_shard{0};
    bool stopped = false;
};

HttpServer::HttpServer(net::IoThreads& threads, HttpHandler& handler,
                       const HttpServerOptions& options)
    : impl_(std::make_unique<Impl>(threads, handler, options)) {}

HttpServer::~HttpServer() {
    stop(std::chrono::milliseconds(0));
}

Result<void> HttpServer::start(const std::vector<net::ListenEndpoint>& endpoints) {
    auto opened = impl_->open(endpoints);
    if (!opened) {
        impl_->listeners.clear();
        return opened;
    }
    for (const auto& listener : impl_->listeners) {
        impl_->endpoints.push_back(listener->endpoint());
    }
    for (const auto& listener : impl_->listeners) impl_->accept_on(*listener);
    return {};
}

Result<void> HttpServer::Impl::open(const std::vector<net::ListenEndpoint>& wanted) {
    for (const net::ListenEndpoint& endpoint : wanted) {
        if (endpoint.tls && !context.tls) {
            auto tls = net::tls_server_context(context.options.tls);
            if (!tls) return std::move(tls).error();
            context.tls = *std::move(tls);
        }
        auto listener =
            net::Listener::open(endpoint, context.options.reuse_port ? shards.size() : 1);
        if (!listener) return std::move(listener).error();
        listeners.push_back(*std::move(listener));
    }
    return {};
}

void HttpServer::Impl::accept_on(net::Listener& listener) {
    const bool shared_out = listener.size() == shards.size();
    const bool tls = listener.endpoint().tls;
    for (std::size_t i = 0; i < listener.size(); ++i) {
        ServerShard* const own = shards[i].get();
        net::Acceptor::Sink sink;
        sink.trouble = [this](std::string_view what) { context.handler.on_trouble(what); };
        if (shared_out) {
            sink.accepted = [own, tls](net::Accepted accepted) {
                own->adopt(std::move(accepted), tls);
            };
        } else {
            sink.accepted = [this, tls](net::Accepted accepted) {
                const auto& shard = shards[next_shard.fetch_add(1) % shards.size()];
                boost::asio::post(shard->io(), [shard, accepted = std::move(accepted), tls] {
                    shard->adopt(accepted, tls);
                });
            };
        }
        boost::asio::post(own->io(), [shard = shards[i], fd = listener.release(i), sink] {
            shard->add_acceptor(fd, sink);
        });
    }
}

const std::vector<net::ListenEndpoint>& HttpServer::endpoints() const noexcept {
    return impl_->endpoints;
}

void HttpServer::stop(std::chrono::milliseconds grace) {
    if (std::exchange(impl_->stopped, true)) return;
    // Two rounds: in the first, a thread may still hand connections to the others.
    impl_->on_each_shard([](ServerShard& shard, const std::function<void()>& done) {
        shard.stop_accepting();
        done();
    });
    impl_->on_each_shard([grace](ServerShard& shard, std::function<void()> done) {
        shard.drain(grace, std::move(done));
    });
    impl_->listeners.clear();
}

HttpServer::Counts HttpServer::counts() const noexcept {
    const ServerStats& stats = impl_->context.stats;
    return {.open = stats.open,
            .accepted = stats.accepted,
            .turned_away = stats.turned_away,
            .requests = stats.requests,
            .refused = stats.refused,
            .timed_out = stats.timed_out,
            .clients_gone = stats.clients_gone};
}

}  // namespace tenon::transport
