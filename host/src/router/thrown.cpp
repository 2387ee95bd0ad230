#include "router/thrown.hpp"

#include <exception>
#include <new>
#include <string>

namespace tenon::router {

Error thrown(std::string_view who) {
    const std::string begin(who);
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return Error(Code::no_memory, begin + " has run out of memory.");
    } catch (const std::exception& exception) {
        return Error(Code::internal, begin + " has failed: " + exception.what() + ".");
    } catch (...) {
        return Error(Code::internal, begin + " has failed with an unknown exception.");
    }
}

}  // namespace tenon::router
