#include "provider.hpp"

namespace {

tenon::Kind openai() {
    static const char* const kServices[] = {TENON_HTTP_V1, TENON_TIMER_V1, nullptr};
    return tenon::kind<tenon::openai::OpenAi>(
        {.id = "openai",
         .name = "OpenAI",
         .version = TENON_VERSION_STRING,
         .vendor = "Tenon",
         .description = "Any server that speaks the OpenAI API.",
         .config_schema = tenon::openai::kConfigSchema,
         .features = TENON_FEATURE_STREAM | TENON_FEATURE_TOOLS | TENON_FEATURE_JSON_SCHEMA |
                     TENON_FEATURE_IMAGES | TENON_FEATURE_REASONING,
         .required_services = kServices});
}

}  // namespace

TENON_EXPORT_PLUGIN(openai())
