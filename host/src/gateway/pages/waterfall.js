// One trace as bars over its time: what waited for whom.

import { h } from "./dom.js";
import { bytes, integer, microseconds, moment, words } from "./format.js";

/** A part of a bar, placed by the style sheet through custom properties. */
function part(kind, from, to, whole, title) {
    const node = h("span", { class: `part ${kind}`, title });
    const share = (us) => `${(100 * Math.min(1, Math.max(0, us / whole))).toFixed(3)}%`;
    node.style.left = share(from);
    node.style.width = share(to - from);
    return node;
}

function mark(at, whole, title) {
    const node = h("span", { class: "tick", title });
    node.style.left = `${(100 * Math.min(1, at / whole)).toFixed(3)}%`;
    return node;
}

function line({ title, minor, at, tone, parts, text }) {
    return h("li", { class: "fall", "data-tone": tone },
        h("div", { class: "fall-name" }, h("span", {}, title), minor ? h("span", { class: "minor" }, minor) : null),
        h("div", { class: "fall-bar", "aria-hidden": "true" }, ...parts),
        h("div", { class: "fall-time" }, text),
        at ? h("p", { class: "fall-note" }, at) : null);
}

function attemptLine(attempt, whole) {
    const start = attempt.started.at_us;
    const end = attempt.ended?.at_us ?? whole;
    const called = Math.min(end, start + (attempt.queue_wait_us ?? 0));
    const first = attempt.first_byte_us == null ? null : Math.min(end, called + attempt.first_byte_us);
    const failed = attempt.error !== null && attempt.error !== undefined;
    const parts = [
        part("queue", start, called, whole, `waits for permit and connection: ${microseconds(called - start)}`),
        part("call", called, first ?? end, whole, `until the first byte: ${microseconds((first ?? end) - called)}`),
    ];
    if (first !== null) {
        parts.push(part("stream", first, end, whole, `answer: ${microseconds(end - first)}`));
        parts.push(mark(first, whole, "first byte"));
    }
    const notes = [];
    if (failed) notes.push(`${words(attempt.error.code)}: ${attempt.error.message}`);
    if (attempt.stop) notes.push(`ended by ${words(attempt.stop)}`);
    if (attempt.dialing) notes.push("while it was connecting");
    if (attempt.decision) {
        const wait = attempt.decision.wait_us > 0 ? ` after ${microseconds(attempt.decision.wait_us)}` : "";
        notes.push(`then ${words(attempt.decision.action)}${wait} (${words(attempt.decision.reason)})`);
    }
    return {
        at_us: start,
        node: line({
            title: `${attempt.number}. ${attempt.provider}`,
            minor: [attempt.model, words(attempt.why)].filter(Boolean).join(" · "),
            tone: failed ? "bad" : "good", parts, at: notes.join("; "),
            text: `${microseconds(attempt.duration_us ?? end - start)}${failed ? ", failed" : ""}`,
        }),
    };
}

function waitLine(wait, whole) {
    return {
        at_us: wait.at_us,
        node: line({
            title: "wait", minor: words(wait.why), tone: "idle",
            parts: [part("pause", wait.at_us, wait.at_us + wait.duration_us, whole, words(wait.why))],
            text: microseconds(wait.duration_us),
        }),
    };
}

export function waterfall(trace) {
    const whole = Math.max(1, trace.duration_us ?? trace.duration_ms * 1000);
    const lines = [
        ...(trace.attempts ?? []).map((each) => attemptLine(each, whole)),
        ...(trace.waits ?? []).map((each) => waitLine(each, whole)),
    ].sort((a, b) => a.at_us - b.at_us);
    const total = line({
        title: "request", minor: trace.dialect, tone: "idle",
        parts: [part("whole", 0, whole, whole, "the whole request")], text: microseconds(whole),
    });
    const key = h("p", { class: "fall-key minor", "aria-hidden": "true" },
        ...[["queue", "waits for permit and connection"], ["call", "until the first byte"], ["stream", "answer"],
            ["pause", "back-off"]].flatMap(([kind, text]) => [h("span", { class: `swatch-part ${kind}` }), text]));
    return h("div", {}, h("ol", { class: "waterfall", "aria-label": "Attempts and waits in their order" },
        total, ...lines.map((each) => each.node)), key);
}

export function facts(trace) {
    const { stream } = trace;
    const rows = [
        ["Answer", trace.error ? `${trace.status}, ${words(trace.error.code)}: ${trace.error.message}` : trace.status],
        ["Model", [trace.model, trace.provider_model].filter(Boolean).join(" → ")],
        ["Started", moment(trace.started)],
        ["Overhead", microseconds(trace.overhead_us)],
        ["Queue", microseconds(trace.queue_wait_us)],
        ["Pauses", microseconds(trace.paused_us)],
        ["Tokens", trace.input_tokens == null && trace.output_tokens == null ? null
            : `${integer(trace.input_tokens)} in, ${integer(trace.output_tokens)} out`],
        ["Finish reason", trace.finish_reason],
        ["Stream", stream?.asked ? `${integer(stream.deltas)} deltas, ${bytes(stream.bytes)}` : null],
        ["First delta", stream?.first_delta ? microseconds(stream.first_delta.at_us) : null],
        ["Client", trace.client],
        ["Key", trace.key],
        ["Trace", trace.id],
    ].filter(([, value]) => value != null && value !== "");
    return h("dl", { class: "pairs wide" },
        ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}
