#include "base/redactor.hpp"

#include <boost/test/unit_test.hpp>

#include "base/redact_error.hpp"

namespace tenon::base {

BOOST_AUTO_TEST_SUITE(redactor)

BOOST_AUTO_TEST_CASE(a_secret_is_removed_wherever_it_stands) {
    Redactor redactor;
    redactor.add("secret-1");
    redactor.add("secret-1-longer");
    BOOST_TEST(redactor.redact("a secret-1, a secret-1-longer, secret-1") == "a ***, a ***, ***");
    BOOST_TEST(redactor.redact("nothing") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_secret_is_removed_however_json_and_addresses_write_it) {
    Redactor redactor;
    redactor.add(R"(a+b/c"d\e=)");
    for (const char* written :
         {R"(a+b/c"d\e=)", R"(a+b/c\"d\\e=)", R"(a+b\/c\"d\\e=)", "a%2Bb%2Fc%22d%5Ce%3D"}) {
        BOOST_TEST(redactor.redact("<" + std::string(written) + ">") == "<***>", written);
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_short_to_be_a_secret_stays) {
    Redactor redactor;
    redactor.add("word");
    BOOST_TEST(redactor.redact("a word") == "a word");
}

BOOST_AUTO_TEST_CASE(all_texts_of_an_error_are_redacted) {
    Redactor redactor;
    redactor.add("sk-0123456789");
    Error error(Code::auth, "the key sk-0123456789 is wrong");
    error.provider_code = "bad sk-0123456789";
    error.detail_json = R"({"header":"Bearer sk-0123456789"})";
    const Error shown = redact(redactor, std::move(error));
    BOOST_TEST(shown.message == "the key *** is wrong");
    BOOST_TEST(shown.provider_code == "bad ***");
    BOOST_TEST(shown.detail_json == R"({"header":"Bearer ***"})");
    BOOST_TEST((shown.code == Code::auth));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::base
