#pragma once

#include <functional>
#include <stop_token>

namespace tenon::cli {

/// Ctrl-C, received on a thread of its own, so that handling it is ordinary code.
///
/// The signal is blocked in every thread; call block() first thing in main, before any thread
/// exists.
class Interrupts {
public:
    static void block();

    /// The one object of the process. Starts the thread.
    static Interrupts& instance();

    /// A token that the next Ctrl-C stops; a further Ctrl-C while it is still in use ends the
    /// program with status 130.
    class Scope {
    public:
        Scope();
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
        [[nodiscard]] bool interrupted() const { return source_.stop_requested(); }

    private:
        std::stop_source source_;
    };

    /// What Ctrl-C does while no Scope is alive; by default it ends the program with status 130.
    void set_idle_action(std::function<void()> action);

private:
    Interrupts();
    void receive();
};

}  // namespace tenon::cli
