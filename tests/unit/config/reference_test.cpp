#include <cctype>
#include <fstream>
#include <iterator>

#include "config/schema.hpp"
#include "unit/config/given.hpp"

namespace tenon::config {
namespace {

std::string page_in_the_repository() {
    std::ifstream file(TENON_DOCS_DIR "/configuration.md", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

BOOST_AUTO_TEST_SUITE(config_reference)

BOOST_AUTO_TEST_CASE(the_example_is_a_good_file) {
    const Config config = good(example_file(), {{"OPENAI_API_KEY", "sk-1"}});
    BOOST_TEST(config.providers.size() == 2U);
    BOOST_TEST(config.providers.at("local").config.json.reveal() ==
               R"({"base_url":"http://127.0.0.1:11434"})");
}

BOOST_AUTO_TEST_CASE(the_page_shows_the_example) {
    BOOST_TEST(reference_page().find(example_file()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_page_in_the_repository_is_up_to_date) {
    // Not BOOST_TEST with ==, which would print both pages.
    BOOST_TEST((page_in_the_repository() == reference_page()),
               "docs/configuration.md is stale; run\n"
               "  tenon config schema --markdown > docs/configuration.md");
}

BOOST_AUTO_TEST_CASE(each_link_of_the_page_leads_to_a_heading) {
    const std::string page = reference_page();
    std::size_t links = 0;
    for (auto at = page.find("](#"); at != std::string::npos; at = page.find("](#", at + 1)) {
        const std::string anchor = page.substr(at + 3, page.find(')', at) - at - 3);
        bool found = false;
        for (auto head = page.find("\n#"); head != std::string::npos && !found;
             head = page.find("\n#", head + 1)) {
            std::string title;
            for (const char c : page.substr(head + 1, page.find('\n', head + 1) - head - 1)) {
                if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
                    title += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
                }
            }
            found = title == anchor;
        }
        BOOST_TEST(found, anchor);
        ++links;
    }
    BOOST_TEST(links > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
