#include "config/secrets.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

#include "config/secret_words.hpp"

namespace tenon::config {
namespace {

BOOST_AUTO_TEST_SUITE(config_secrets)

BOOST_AUTO_TEST_CASE(a_secret_gives_back_its_text) {
    BOOST_TEST(Secret(std::string_view("sk-1")).reveal() == "sk-1");
    BOOST_TEST(Secret().reveal() == "");
    BOOST_TEST(Secret().empty());
    BOOST_TEST(!Secret(std::string_view("x")).empty());
}

BOOST_AUTO_TEST_CASE(the_string_that_it_was_made_of_is_wiped) {
    std::string text = "sk-1, long enough to be on the heap";
    const Secret secret(std::move(text));
    BOOST_TEST(text.empty());  // NOLINT(bugprone-use-after-move): that is the promise
    BOOST_TEST(secret.reveal() == "sk-1, long enough to be on the heap");
}

BOOST_AUTO_TEST_CASE(wiping_overwrites_the_characters) {
    std::string text = "sk-1";
    const char* bytes = text.data();
    wipe(text);
    BOOST_TEST(text.empty());
    BOOST_TEST(std::string(bytes + 1, 3) == std::string(3, '\0'));
}

BOOST_AUTO_TEST_CASE(a_copy_is_equal_and_has_memory_of_its_own) {
    Secret first(std::string_view("sk-1"));
    const Secret second = first;
    BOOST_TEST((first == second));
    BOOST_TEST((first.reveal().data() != second.reveal().data()));
    first = Secret(std::string_view("other"));
    BOOST_TEST(second.reveal() == "sk-1");
}

BOOST_AUTO_TEST_CASE(a_moved_secret_leaves_nothing_behind) {
    Secret first(std::string_view("sk-1"));
    const Secret second = std::move(first);
    BOOST_TEST(first.empty());  // NOLINT(bugprone-use-after-move): that is the promise
    BOOST_TEST(second.reveal() == "sk-1");
}

BOOST_AUTO_TEST_CASE(assigning_a_secret_to_itself_keeps_it) {
    Secret secret(std::string_view("sk-1"));
    const Secret& same = secret;
    secret = same;
    BOOST_TEST(secret.reveal() == "sk-1");
}

BOOST_AUTO_TEST_CASE(keys_of_secrets_are_known_by_their_words) {
    for (const char* key : {"api_key", "apiKey", "APIKEY", "x-api-key", "key", "AuthToken",
                            "password", "client_secret", "Authorization", "proxy_auth", "pwd",
                            "passphrase", "aws_credentials", "keys"}) {
        BOOST_TEST(sounds_secret(key), key);
    }
}

BOOST_AUTO_TEST_CASE(other_keys_are_not_taken_for_those_of_secrets) {
    for (const char* key : {"", "base_url", "model", "keep_alive", "keyboard", "author", "key_name",
                            "organization"}) {
        BOOST_TEST(!sounds_secret(key), key);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
