#define BOOST_TEST_MODULE tenon
#include <boost/test/unit_test.hpp>
