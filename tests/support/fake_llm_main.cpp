#include <getopt.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

#include "support/fake_llm.hpp"

// A model server for demonstrations and for tests that need a process of its own.
namespace {

constexpr const char* kUsage =
    "Usage: tenon-fake-llm [options]\n"
    "A deterministic fake model server (OpenAI API below /v1, Ollama API) on 127.0.0.1.\n"
    "Models named fault-401, fault-stall, flaky-2, ... fail on purpose.\n\n"
    "  --port N         port to listen on; 0 = any (default)\n"
    "  --api-key KEY    want this bearer token\n"
    "  --chunk-bytes N  send everything in pieces of N bytes\n"
    "  --delay-ms N     wait before each event of a stream\n"
    "  --tls            speak TLS with a certificate made at start\n"
    "  --wrong-name     make that certificate for another host\n"
    "  --ca-out FILE    write the certificate that clients must trust\n"
    "  --help           show this text\n";

struct Arguments {
    tenon::test::FakeLlmOptions fake;
    std::string ca_out;
    bool help = false;
    bool wrong = false;
};

bool parse_number(const char* text, long max, long& value) {
    const std::string_view digits(text);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() && value >= 0 &&
           value <= max;
}

Arguments parse(int argc, char** argv) {
    static const std::array<option, 9> kOptions{{{"port", required_argument, nullptr, 'p'},
                                                 {"api-key", required_argument, nullptr, 'k'},
                                                 {"chunk-bytes", required_argument, nullptr, 'c'},
                                                 {"delay-ms", required_argument, nullptr, 'd'},
                                                 {"tls", no_argument, nullptr, 't'},
                                                 {"wrong-name", no_argument, nullptr, 'w'},
                                                 {"ca-out", required_argument, nullptr, 'o'},
                                                 {"help", no_argument, nullptr, 'h'},
                                                 {nullptr, 0, nullptr, 0}}};
    Arguments arguments;
    auto& server = arguments.fake.server;
    long value = 0;
    for (int c = 0; (c = getopt_long(argc, argv, "", kOptions.data(), nullptr)) != -1;) {
        bool good = true;
        switch (c) {
            case 'p':
                good = parse_number(optarg, 65535, value);
                server.port = static_cast<std::uint16_t>(value);
                break;
            case 'k': arguments.fake.api_key = optarg; break;
            case 'c':
                good = parse_number(optarg, 1L << 30, value);
                server.write_pieces = static_cast<std::size_t>(value);
                break;
            case 'd':
                good = parse_number(optarg, 60'000, value);
                arguments.fake.piece_delay = std::chrono::milliseconds(value);
                break;
            case 't': server.tls = server.tls.value_or(tenon::test::TlsOptions{}); break;
            case 'w':
                server.tls = {.certificate = tenon::test::certificate_for_another_host()};
                break;
            case 'o': arguments.ca_out = optarg; break;
            case 'h': arguments.help = true; break;
            default: good = false;
        }
        arguments.wrong = arguments.wrong || !good;
    }
    arguments.wrong = arguments.wrong || optind < argc;
    return arguments;
}

void copy_file(const std::filesystem::path& from, const std::string& to) {
    std::ofstream out(to, std::ios::binary);
    out << std::ifstream(from, std::ios::binary).rdbuf();
    if (!out.flush()) {
        throw std::runtime_error("cannot write " + to);
    }
}

void serve(const Arguments& arguments) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are threads to inherit it

    tenon::test::FakeLlm fake(arguments.fake);
    if (!arguments.ca_out.empty() && arguments.fake.server.tls) {
        copy_file(fake.server().ca_file(), arguments.ca_out);
    }
    std::printf("listening on %s\n", fake.url().c_str());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
}

}  // namespace

int main(int argc, char** argv) try {
    const Arguments arguments = parse(argc, argv);
    if (arguments.wrong || arguments.help) {
        std::fputs(kUsage, arguments.help ? stdout : stderr);
        return arguments.help ? 0 : 2;
    }
    serve(arguments);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "tenon-fake-llm: %s\n", error.what());
    return 1;
}
