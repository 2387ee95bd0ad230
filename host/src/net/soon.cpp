#include "net/soon.hpp"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace tenon::net {
namespace {

/// So many tasks run in one scope. If they make ever more work, sockets and timers get their turn.
constexpr std::size_t kMostTasks = 256;

/// Of one thread.
struct Queue {
    boost::asio::io_context* io = nullptr;  ///< of the open scope
    std::vector<std::shared_ptr<SoonTask>> tasks;
};

Queue& queue() noexcept {
    thread_local Queue queue;
    return queue;
}

}  // namespace

void soon(boost::asio::io_context& io, std::shared_ptr<SoonTask> task) noexcept {
    Queue& here = queue();
    if (here.io == &io && here.tasks.size() < kMostTasks) {
        here.tasks.push_back(std::move(task));
    } else {
        boost::asio::post(io, [task = std::move(task)] { task->run_soon(); });
    }
}

SoonScope::SoonScope(boost::asio::io_context& io) noexcept : outermost_(queue().io == nullptr) {
    if (outermost_) queue().io = &io;
}

SoonScope::~SoonScope() {
    if (!outermost_) return;
    Queue& here = queue();
    for (std::size_t i = 0; i < here.tasks.size(); ++i) {
        std::exchange(here.tasks[i], nullptr)->run_soon();
    }
    here.tasks.clear();
    here.io = nullptr;
}

}  // namespace tenon::net
