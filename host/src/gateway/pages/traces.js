// The newest requests that have ended, and what happened in one of them.

import { get } from "./api.js";
import { byId, h, KeyedList, setAttribute, setText } from "./dom.js";
import { integer, microseconds, moment } from "./format.js";
import { StateLabel } from "./icons.js";
import { say } from "./messages.js";
import { facts, waterfall } from "./waterfall.js";

class Row {
    node;
    #cells = {};
    #status = new StateLabel();

    constructor(trace, open) {
        const cell = (name, label, ...content) => {
            this.#cells[name] = h("span");
            return h("td", { role: "cell", class: name },
                h("span", { class: "cell-name", "aria-hidden": "true" }, label), ...content, this.#cells[name]);
        };
        const name = trace.request_id || trace.id;
        this.node = h("tr", { role: "row" },
            h("th", { role: "rowheader", scope: "row", class: "id" }, h("button", {
                type: "button", class: "plain link", onclick: () => open(trace), title: name,
                "aria-label": `Trace of request ${name}`,
            }, h("code", {}, name))),
            cell("status", "Status", this.#status.node),
            cell("model", "Model"), cell("provider", "Provider"),
            cell("started", "Started"), cell("duration number", "Duration"),
            cell("attempts number", "Attempts"));
    }

    update(trace) {
        const c = this.#cells;
        const good = trace.status >= 200 && trace.status < 300;
        const look = good ? "healthy" : trace.status === 499 ? "degraded" : "unhealthy";
        this.#status.show(look, String(trace.status));
        setText(c.model, trace.model);
        setText(c.provider, trace.provider ?? "nobody");
        setText(c.started, moment(trace.started));
        setText(c["duration number"], trace.duration_ms < 1 ? "< 1 ms" : microseconds(trace.duration_ms * 1000));
        setText(c["attempts number"], integer(trace.attempts));
    }
}

async function show(trace) {
    const dialog = byId("trace-dialog");
    setText(byId("trace-title"), `Request ${trace.request_id || trace.id}`);
    byId("trace-body").replaceChildren(h("p", { class: "minor" }, "Reading the trace"));
    dialog.showModal();
    try {
        const whole = await get(`/admin/v1/traces/${encodeURIComponent(trace.id)}`);
        byId("trace-body").replaceChildren(waterfall(whole), facts(whole));
    } catch (error) {
        byId("trace-body").replaceChildren(h("p", { role: "alert" }, error.message));
    }
}

export function showTraces(live) {
    const rows = new KeyedList(byId("traces"), (trace) => trace.id, (trace) => new Row(trace, show));
    const failed = byId("traces-failed");
    let all = [];
    const draw = () => {
        const only = failed.getAttribute("aria-pressed") === "true";
        const shown = all.filter((trace) => !only || trace.status >= 400 || trace.attempts > 1);
        rows.update(shown);
        byId("no-traces").hidden = shown.length > 0;
        setText(byId("no-traces"), only && all.length > 0
            ? "No recent request failed or needed a second attempt." : "No request has ended yet, or no traces are kept (telemetry.traces).");
    };
    failed.addEventListener("click", () => {
        setAttribute(failed, "aria-pressed", String(failed.getAttribute("aria-pressed") !== "true"));
        draw();
    });
    live.addEventListener("traces", ({ detail }) => {
        all = detail;
        draw();
    });
    byId("trace-close").addEventListener("click", () => byId("trace-dialog").close());
    byId("trace-copy").addEventListener("click", async () => {
        const id = byId("trace-title").textContent.replace(/^Request /, "");
        try {
            await navigator.clipboard.writeText(id);
            say(`Copied ${id}`);
        } catch {
            say(`The browser lets nothing be copied; the id is ${id}`);
        }
    });
}
