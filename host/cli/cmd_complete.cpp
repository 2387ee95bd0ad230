#include <iostream>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"

namespace tenon::cli {
namespace {

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += text.empty() ? word : " " + word;
    return text;
}

host::ChatRequest to_request(const CompleteOptions& options) {
    host::ChatRequest request;
    request.provider = options.provider;
    request.model = options.model;
    request.temperature = options.temperature;
    request.max_tokens = options.max_tokens;
    request.options.timeout = options.timeout;
    if (!options.system.empty()) request.messages.push_back({"system", options.system});
    return request;
}

/// Prints the answer's text as it comes; reasoning only to a terminal, dimmed, apart from the text.
class Printer {
public:
    void operator()(const host::StreamDelta& delta) {
        if (delta.kind == host::DeltaKind::reasoning && output_is_terminal()) {
            if (!reasoning_) std::cout << "\033[2m";
            reasoning_ = true;
            print_answer(delta.text);
        } else if (delta.kind == host::DeltaKind::text && delta.choice == 0) {
            end_reasoning();
            print_answer(delta.text);
            if (!delta.text.empty()) ends_line_ = delta.text.back() == '\n';
        }
    }
    /// After the answer, whole or not: ends its last line.
    void end() {
        end_reasoning();
        if (!ends_line_) std::cout << '\n';
        flush_output();
    }

private:
    void end_reasoning() {
        if (reasoning_) std::cout << "\033[0m\n";
        reasoning_ = false;
    }

    bool reasoning_ = false;
    bool ends_line_ = true;
};

void print_tool_calls(const host::ChatAnswer& answer) {
    for (const host::ToolCall& call : answer.tool_calls) {
        print_answer("[tool call] " + call.name + " " + call.arguments_json + "\n");
    }
}

}  // namespace

int run_complete(const GlobalOptions& global, const CompleteOptions& options) {
    std::string prompt = join(options.prompt);
    if (prompt.empty() || prompt == "-") prompt = read_all_input();
    if (prompt.empty()) {
        print_error("there is no prompt; give it as an argument or on standard input");
        return kUsage;
    }
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;

    host::ChatRequest request = to_request(options);
    request.messages.push_back({"user", std::move(prompt)});
    const Interrupts::Scope interrupt;
    Printer printer;
    host::OnDelta on_delta;
    if (!options.no_stream && !options.json) on_delta = std::ref(printer);
    const auto answer = opened.host->complete(request, on_delta, interrupt.token());
    if (!answer) {
        printer.end();
        return report_failure(answer.error());
    }
    if (options.json) {
        std::cout << answer->body_json << '\n';
    } else {
        if (!on_delta) printer({host::DeltaKind::text, 0, 0, answer->text, {}, {}, {}});
        printer.end();
        print_tool_calls(*answer);
    }
    return kSuccess;
}

int run_chat(const GlobalOptions& global, const CompleteOptions& options) {
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    host::ChatRequest request = to_request(options);
    const bool terminal = input_is_terminal();
    if (terminal) {
        std::cerr << "Ctrl-C stops an answer, Ctrl-D or /exit leaves, /reset forgets the "
                     "conversation.\n";
        Interrupts::instance().set_idle_action(
            [] { std::cerr << "\n(Ctrl-D or /exit leaves)\n> " << std::flush; });
    }
    const std::size_t fixed_messages = request.messages.size();
    int status = kSuccess;
    std::string line;
    for (;;) {
        if (terminal) std::cerr << "> " << std::flush;
        if (!read_line(line) || line == "/exit") break;
        if (line.empty()) continue;
        if (line == "/reset") {
            request.messages.resize(fixed_messages);
            continue;
        }
        request.messages.push_back({"user", line});
        Printer printer;
        const Interrupts::Scope interrupt;
        const auto answer = opened.host->complete(request, std::ref(printer), interrupt.token());
        if (answer) {
            printer.end();
            print_tool_calls(*answer);
            request.messages.push_back({"assistant", answer->text});
            continue;
        }
        printer.end();
        // The conversation goes on without the question that failed.
        request.messages.pop_back();
        if (answer.error().code == Code::cancelled) {
            std::cerr << "(answer stopped)\n";
        } else {
            print_error(answer.error());
            if (!terminal) status = kFailed;
        }
    }
    if (terminal) std::cerr << '\n';
    return status;
}

}  // namespace tenon::cli
