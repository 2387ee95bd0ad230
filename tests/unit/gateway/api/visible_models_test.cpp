#include "gateway/api/key_ring.hpp"
#include "gateway/api/model_catalogue.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace tenon::gateway {
namespace {

/// What a key with this list sees, as "id@owner id@owner".
std::string seen_by(std::vector<std::string> list) {
    const std::vector<ModelEntry> models = {
        {"a/big", "a"}, {"a/small", "a"}, {"b/small", "b"}, {"fast", "b"}, {"vendor/b/small", "c"}};
    config::GatewayKeyConfig config;
    config.models = std::move(list);
    std::string out;
    for (const ModelEntry& model : visible_to(ClientKey("key", config), models)) {
        out += (out.empty() ? "" : " ") + model.id + '@' + model.owner;
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(visible_models)

BOOST_AUTO_TEST_CASE(a_key_sees_the_models_of_its_list_that_there_are) {
    BOOST_TEST(seen_by({"fast", "a/small", "gone"}) == "a/small@a fast@b");
}

BOOST_AUTO_TEST_CASE(what_it_asks_for_without_the_provider_it_sees_without) {
    BOOST_TEST(seen_by({"big"}) == "big@a");
    BOOST_TEST(seen_by({"small"}) == "small@a");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_name_is_no_name) {
    BOOST_TEST(seen_by({"mall", "b/small"}) == "b/small@b");
}

BOOST_AUTO_TEST_CASE(a_model_that_stands_twice_in_the_list_is_seen_once) {
    BOOST_TEST(seen_by({"fast", "fast"}) == "fast@b");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
