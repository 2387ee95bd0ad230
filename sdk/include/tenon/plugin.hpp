#pragma once

/// Everything that a provider plugin in C++ needs.
#include "tenon/error.hpp"
#include "tenon/plugin/call.hpp"
#include "tenon/plugin/host.hpp"
#include "tenon/plugin/http_client.hpp"
#include "tenon/plugin/json.hpp"
#include "tenon/plugin/kind.hpp"
#include "tenon/plugin/provider.hpp"
#include "tenon/plugin/request.hpp"
#include "tenon/plugin/sleep.hpp"
#include "tenon/plugin/task.hpp"
#include "tenon/result.hpp"
