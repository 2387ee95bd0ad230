#include "cli/crash_report.hpp"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <exception>
#include <initializer_list>

#include "cli/full_screen.hpp"
#include "plugin/attribution.hpp"

namespace tenon::cli {
namespace {

/// Async-signal-safe.
[[maybe_unused]] void write_text(const char* text) {
    if (text == nullptr) return;
    const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
    static_cast<void>(written);
}

[[maybe_unused]] void tell_whose_code_ran() {
    const plugin::Attribution& running = plugin::current_attribution();
    if (running.function == nullptr) {
        write_text(" outside of plugin code; please report it\n");
        return;
    }
    write_text(" in plugin code: ");
    write_text(running.function);
    write_text("() of ");
    write_text(running.library);
    if (running.provider != nullptr && *running.provider != '\0') {
        write_text(", provider ");
        write_text(running.provider);
    }
    write_text("\n");
}

[[maybe_unused]] void on_crash(int signal) {
    restore_terminal();
    write_text("tenon: crashed (");
    switch (signal) {
        case SIGSEGV: write_text("segmentation fault"); break;
        case SIGBUS: write_text("bus error"); break;
        case SIGILL: write_text("illegal instruction"); break;
        case SIGFPE: write_text("arithmetic fault"); break;
        default: write_text("abort"); break;
    }
    write_text(")");
    tell_whose_code_ran();
    // SA_RESETHAND: the default action ends the process, with a core if wanted.
    raise(signal);
}

}  // namespace

void install_crash_report() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they report better
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    sigemptyset(&action.sa_mask);
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
        sigaction(signal, &action, nullptr);
    }
#endif
}

}  // namespace tenon::cli
