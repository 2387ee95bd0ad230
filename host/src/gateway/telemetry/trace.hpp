#pragma once

// Traces of requests, all of it: from the header to JSON.
#include "gateway/telemetry/trace_context.hpp"
#include "gateway/telemetry/trace_data.hpp"
#include "gateway/telemetry/trace_json.hpp"
#include "gateway/telemetry/trace_recorder.hpp"
#include "gateway/telemetry/trace_store.hpp"
