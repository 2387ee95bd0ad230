#include <cmath>
#include <iomanip>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/embeddings_json.hpp"
#include "cli/interrupt.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

std::vector<std::string> given_or_input_lines(const std::vector<std::string>& given) {
    if (!given.empty()) return given;
    std::vector<std::string> lines;
    for (std::string line; read_line(line);) {
        if (!line.empty()) lines.push_back(line);
    }
    return lines;
}

void print_vectors(const host::EmbeddingAnswer& answer) {
    constexpr std::size_t kShown = 6;
    for (const auto& vector : answer.vectors) {
        double square = 0;
        for (const float number : vector) square += double{number} * double{number};
        std::cout << vector.size() << " dimensions, length " << std::setprecision(4)
                  << std::sqrt(square) << ": [";
        for (std::size_t i = 0; i < vector.size() && i < kShown; ++i) {
            std::cout << (i == 0 ? "" : ", ") << vector[i];
        }
        std::cout << (vector.size() > kShown ? ", ...]\n" : "]\n");
    }
}

}  // namespace

int run_embed(const GlobalOptions& global, const EmbedOptions& options) {
    host::EmbeddingRequest request;
    request.inputs = given_or_input_lines(options.inputs);
    if (request.inputs.empty()) {
        print_error("there is no text; give it as arguments or as lines on standard input");
        return kUsage;
    }
    request.provider = options.provider;
    request.model = options.model;
    request.dimensions = options.dimensions;
    request.options.timeout = options.timeout;
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    const Interrupts::Scope interrupt;
    const auto answer = opened.host->embed(request, interrupt.token());
    if (!answer) return report_failure(answer.error());
    if (options.json) {
        std::cout << embeddings_json(*answer) << '\n';
    } else {
        print_vectors(*answer);
    }
    return kSuccess;
}

int run_rerank(const GlobalOptions& global, const RerankOptions& options) {
    host::RerankRequest request;
    request.documents = given_or_input_lines(options.documents);
    if (request.documents.empty()) {
        print_error("there are no documents; give them as arguments or as lines on standard input");
        return kUsage;
    }
    request.provider = options.provider;
    request.model = options.model;
    request.query = options.query;
    request.top_n = options.top_n;
    request.options.timeout = options.timeout;
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    const Interrupts::Scope interrupt;
    const auto answer = opened.host->rerank(request, interrupt.token());
    if (!answer) return report_failure(answer.error());
    if (options.json) {
        std::string out;
        wire::JsonWriter json(out);
        json.begin_array();
        for (const auto& item : answer->items) {
            json.begin_object();
            json.member("index", item.index);
            json.member("relevance_score", item.score);
            json.end_object();
        }
        json.end_array();
        std::cout << out << '\n';
        return kSuccess;
    }
    for (const auto& item : answer->items) {
        std::cout << std::fixed << std::setprecision(4) << item.score << "  ";
        print_answer(request.documents[item.index] + "\n");
    }
    return kSuccess;
}

int run_models(const GlobalOptions& global, const ModelsOptions& options) {
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    std::vector<std::string> providers;
    if (!options.provider.empty()) {
        providers.push_back(options.provider);
    } else {
        for (const auto& status : opened.host->status()) {
            if (status.enabled) providers.push_back(status.name);
        }
        if (providers.empty()) {
            print_error(
                "no provider is configured; name one with --provider (see 'tenon plugins "
                "list')");
            return kConfiguration;
        }
    }
    int status = kSuccess;
    std::string out;
    wire::JsonWriter json(out);
    json.begin_array();
    const Interrupts::Scope interrupt;
    for (const std::string& provider : providers) {
        const auto models = opened.host->models(provider, interrupt.token());
        if (!models) {
            status = report_failure(models.error());
            continue;
        }
        for (const std::string& model : *models) {
            if (options.json) {
                json.begin_object();
                json.member("provider", provider);
                json.member("id", model);
                json.end_object();
            } else {
                print_answer((providers.size() > 1 ? provider + "/" + model : model) + "\n");
            }
        }
    }
    json.end_array();
    if (options.json) std::cout << out << '\n';
    return status;
}

}  // namespace tenon::cli
