#include "support/fake_daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace tenon::test {
namespace {

std::string name_of(const ReceivedRequest& request, bool with_query) {
    const std::string target =
        with_query ? request.target : request.target.substr(0, request.target.find('?'));
    return request.method + " " + target;
}

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

}  // namespace

class FakeDaemon::Impl {
public:
    explicit Impl(const std::filesystem::path& socket)
        : listener_(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")),
          stop_(checked(::eventfd(0, EFD_CLOEXEC), "eventfd")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
        checked(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind");
        checked(::listen(listener_, 16), "listen");
        acceptor_ = std::thread([this] { accept_all(); });
    }

    ~Impl() {
        stop();
        ::close(stop_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void stop() {
        if (listener_ < 0) return;
        ::eventfd_write(stop_, 1);
        acceptor_.join();
        ::close(listener_);
        listener_ = -1;
        for (const auto& [thread, twin] : connections_) ::shutdown(twin, SHUT_RDWR);
        for (auto& [thread, twin] : connections_) {
            thread.join();
            ::close(twin);
        }
    }

    void answer(const std::string& request, Handler handler) {
        const std::lock_guard lock(mutex_);
        handlers_[request] = std::move(handler);
    }

    std::vector<ReceivedRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    bool wait_for(const std::string& request, std::size_t times) const {
        std::unique_lock lock(mutex_);
        return arrived_.wait_for(lock, kPatience, [&] {
            return static_cast<std::size_t>(
                       std::count_if(requests_.begin(), requests_.end(), [&](const auto& one) {
                           return name_of(one, false) == request || name_of(one, true) == request;
                       })) >= times;
        });
    }

private:
    void accept_all() {
        for (int number = 1;; ++number) {
            std::array<pollfd, 2> watched{pollfd{stop_, POLLIN, 0}, pollfd{listener_, POLLIN, 0}};
            ::poll(watched.data(), watched.size(), -1);
            if (watched[0].revents != 0) return;
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const int twin = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);  // still ours when fd is closed
            connections_.emplace_back(std::thread([this, fd, number] { serve(fd, number); }), twin);
        }
    }

    void serve(int fd, int number) {
        Conn conn(fd, stop_, number);
        while (const auto request = conn.read_request()) {
            Handler handler;
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(*request);
                auto at = handlers_.find(name_of(*request, true));
                if (at == handlers_.end()) at = handlers_.find(name_of(*request, false));
                if (at != handlers_.end()) handler = at->second;
            }
            arrived_.notify_all();
            if (handler) {
                handler(conn, *request);
            } else {
                conn.respond(404, {}, "");
            }
        }
    }

    int listener_;
    int stop_;
    mutable std::mutex mutex_;
    mutable std::condition_variable arrived_;
    std::map<std::string, Handler> handlers_;
    std::vector<ReceivedRequest> requests_;
    std::vector<std::pair<std::thread, int>>
        connections_;  // touched by the acceptor, and after its end
    std::thread acceptor_;
};

FakeDaemon::FakeDaemon(std::filesystem::path socket) : impl_(std::make_unique<Impl>(socket)) {}
FakeDaemon::~FakeDaemon() = default;

void FakeDaemon::answer(const std::string& request, Handler handler) {
    impl_->answer(request, std::move(handler));
}

void FakeDaemon::answer(const std::string& request, const std::string& json, int status) {
    impl_->answer(request, [json, status](Conn& conn, const ReceivedRequest&) {
        conn.respond(status, {{"Content-Type", "application/json"}}, json);
    });
}

std::vector<ReceivedRequest> FakeDaemon::requests() const {
    return impl_->requests();
}

std::vector<std::string> FakeDaemon::bodies(const std::string& request) const {
    std::vector<std::string> out;
    for (const ReceivedRequest& one : requests()) {
        if (name_of(one, true) == request) out.push_back(one.body);
    }
    return out;
}

bool FakeDaemon::wait_for(const std::string& request, std::size_t times) const {
    return impl_->wait_for(request, times);
}

void FakeDaemon::stop() {
    impl_->stop();
}

}  // namespace tenon::test
