#include "gateway/pages/pages.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/pages/pages_data.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT

/// What stands between the quotes behind each `mark`, e.g. src=".
std::vector<std::string> quoted(std::string_view text, std::string_view mark) {
    std::vector<std::string> found;
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
        at += mark.size();
        found.emplace_back(text.substr(at, text.find('"', at) - at));
    }
    return found;
}

std::string directory_of(std::string_view path) {
    return std::string(path.substr(0, path.rfind('/') + 1));
}

BOOST_AUTO_TEST_SUITE(pages)

BOOST_AUTO_TEST_CASE(the_dashboard_is_at_the_root) {
    const Page* page = find_page("/");
    BOOST_REQUIRE(page);
    BOOST_TEST(page->type == "text/html; charset=utf-8");
    BOOST_TEST(page->body.starts_with("<!doctype html>"));
    BOOST_TEST(page->body.ends_with("</html>\n"));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_page_is_not_found) {
    for (const char* path : {"", "/ui", "/ui/", "/dashboard.html", "/ui/../", "//"}) {
        BOOST_TEST(!find_page(path), path);
    }
}

BOOST_AUTO_TEST_CASE(each_file_that_the_page_names_is_there) {
    const Page* page = find_page("/");
    BOOST_REQUIRE(page);
    std::vector<std::string> names = quoted(page->body, "src=\"");
    for (const std::string& name : quoted(page->body, "href=\"/")) names.push_back("/" + name);
    BOOST_TEST(names.size() >= 2U);
    for (const std::string& name : names) BOOST_TEST(find_page(name), name);
}

BOOST_AUTO_TEST_CASE(each_module_that_a_script_imports_is_there) {
    std::size_t imports = 0;
    for (const Page& page : all_pages()) {
        for (const std::string& name : quoted(page.body, "from \"./")) {
            BOOST_TEST(find_page(directory_of(page.path) + name), page.path << " imports " << name);
            ++imports;
        }
    }
    BOOST_TEST(imports > 0U);
}

BOOST_AUTO_TEST_CASE(nothing_comes_from_elsewhere_or_escapes_the_policy) {
    for (const Page& page : all_pages()) {
        for (std::string_view bad : {"https://", "//cdn", "<style", " style=\"", " onclick=",
                                     "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("}) {
            BOOST_TEST(page.body.find(bad) == page.body.npos, page.path << " has " << bad);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_file_has_a_tag_of_its_own) {
    std::set<std::string_view> tags;
    for (const Page& page : all_pages()) {
        BOOST_TEST(page.etag.size() == 22U);
        BOOST_TEST(page.etag.front() == '"');
        tags.insert(page.etag);
    }
    BOOST_TEST(tags.size() == all_pages().size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
