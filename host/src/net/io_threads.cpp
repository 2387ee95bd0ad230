#include "net/io_threads.hpp"

#include <pthread.h>

#include <string>

namespace tenon::net {

IoThreads::IoThreads(std::size_t count) {
    threads_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        threads_.push_back(std::make_unique<Thread>());
        Thread& thread = *threads_.back();
        thread.thread = std::thread([&context = thread.context] { context.run(); });
        pthread_setname_np(thread.thread.native_handle(),
                           ("tenon-io-" + std::to_string(i)).c_str());
    }
}

IoThreads::~IoThreads() {
    stop();
}

void IoThreads::stop() {
    for (const auto& thread : threads_) thread->work.reset();
    for (const auto& thread : threads_) {
        if (thread->thread.joinable()) thread->thread.join();
    }
}

}  // namespace tenon::net
