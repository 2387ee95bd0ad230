#include "provider.hpp"

namespace {

tenon::Kind ollama() {
    static const char* const kServices[] = {TENON_HTTP_V1, TENON_TIMER_V1, nullptr};
    return tenon::kind<tenon::ollama::Ollama>(
        {.id = "ollama",
         .name = "Ollama",
         .version = TENON_VERSION_STRING,
         .vendor = "Tenon",
         .description = "Models that an Ollama server runs, on this machine or hosted.",
         .config_schema = tenon::ollama::kConfigSchema,
         .features = TENON_FEATURE_STREAM | TENON_FEATURE_TOOLS | TENON_FEATURE_JSON_SCHEMA |
                     TENON_FEATURE_IMAGES | TENON_FEATURE_REASONING,
         .required_services = kServices});
}

}  // namespace

TENON_EXPORT_PLUGIN(ollama())
