// The table of providers: how each stands, and what can be done with it.

import { post } from "./api.js";
import { byId, h, KeyedList, setAttribute, setText, svg } from "./dom.js";
import { integer, microseconds, percent, words } from "./format.js";
import { StateLabel } from "./icons.js";
import { actionButton, say, setCaption } from "./messages.js";
import { HealthStrip } from "./health_strip.js";
import { ProviderDetail } from "./provider_detail.js";

const FILTER_FROM = 8; // providers; fewer are seen at a glance
const REPLY_MS = 12_000;

/** A bar of how much of a limit is taken. */
class Gauge {
    node = h("div", { class: "gauge" });
    #text = h("span");
    #used = svg("rect", { class: "used", height: "4" });
    #held = svg("rect", { class: "held", height: "4" });
    #bar = svg("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });

    constructor() {
        this.#bar.append(svg("rect", { class: "whole", width: "100", height: "4" }));
        this.#bar.append(this.#held, this.#used);
        this.node.append(this.#text, this.#bar);
    }

    show(used, held, limit, text, full = used >= limit) {
        const share = (value) => (limit > 0 ? Math.min(100, (100 * value) / limit) : 0);
        setText(this.#text, text);
        setAttribute(this.node, "data-absent", null);
        setAttribute(this.#used, "width", share(used).toFixed(1));
        setAttribute(this.#held, "width", share(used + held).toFixed(1));
        setAttribute(this.node, "data-full", limit > 0 && full ? "" : null);
    }

    absent(text) {
        setText(this.#text, text);
        setAttribute(this.node, "data-absent", "");
    }
}

function cell(name, ...children) {
    const td = h("td", { role: "cell", class: name.toLowerCase().replaceAll(/\W+/g, "-") });
    td.append(h("span", { class: "cell-name", "aria-hidden": "true" }, name), ...children);
    return td;
}

class Row {
    node = h("tbody", { role: "rowgroup", class: "provider" });
    #provider;
    #live;
    #fields = {};
    #replied = 0;

    constructor(provider, live) {
        this.#provider = provider;
        this.#live = live;
        this.node.dataset.provider = provider.name;
        this.#build(provider.name);
    }

    #build(name) {
        const f = this.#fields;
        f.kind = h("span", { class: "minor" });
        f.state = new StateLabel();
        f.wanted = h("span", { class: "minor" });
        f.strip = new HealthStrip(name);
        f.health = h("span", { class: "minor" });
        f.breaker = new StateLabel();
        f.trips = h("span", { class: "minor" });
        f.pool = new Gauge();
        f.permits = new Gauge();
        f.inFlight = h("span", { class: "number" });
        f.success = h("span", { class: "number" });
        f.failures = h("span", { class: "minor" });
        f.p50 = h("span", { class: "number" });
        f.p95 = h("span", { class: "minor" });
        f.line = h("p", { class: "error-line", hidden: true });
        f.reply = h("p", { class: "reply-line", hidden: true });
        f.detail = new ProviderDetail(name, (text, run) => this.#command(text, run));
        const id = `detail-${++Row.count}`;
        f.detail.node.id = id;
        f.more = h("button", {
            type: "button", class: "plain more", "aria-expanded": "false", "aria-controls": id,
            "aria-label": `Details of ${name}`, onclick: () => this.#toggle(),
        }, svg("svg", { viewBox: "0 0 12 12", class: "chevron", "aria-hidden": "true" },
            svg("path", { d: "M3 4.5 6 7.5l3-3", fill: "none", stroke: "currentColor", "stroke-width": "1.6" })));

        f.connect = this.#command("Connect", () => (this.#isUp() ? "disconnect" : "connect"));
        f.enable = this.#command("Disable", () => (this.#provider.enabled ? "disable" : "enable"));
        const head = h("th", { role: "rowheader", scope: "row", class: "name" },
            h("span", { class: "provider-name" }, name), f.kind);
        const row = h("tr", { role: "row" }, head,
            cell("State", f.state.node, f.wanted),
            cell("Health", f.strip.node, f.health),
            cell("Breaker", f.breaker.node, f.trips),
            cell("Connections", f.pool.node),
            cell("Permits", f.permits.node),
            cell("In flight", f.inFlight),
            cell("Success", f.success, f.failures),
            cell("Latency", f.p50, f.p95),
            h("td", { role: "cell", class: "actions" }, f.connect, f.enable, f.more));
        const below = h("td", { role: "cell", colspan: "10" }, f.line, f.reply, f.detail.node);
        this.node.append(row, h("tr", { role: "row", class: "below" }, below));
    }

    static count = 0;

    #isUp() {
        return !["disconnected", "disconnecting"].includes(this.#provider.state);
    }

    #toggle() {
        const open = this.#fields.more.getAttribute("aria-expanded") !== "true";
        this.#fields.more.setAttribute("aria-expanded", String(open));
        this.#fields.detail.node.hidden = !open;
        this.update(this.#provider);
    }

    /** @param which () => a command's name, or { path, body, done } for another path */
    #command(text, which) {
        const name = this.#provider.name;
        const run = async () => {
            const what = which();
            const reply = typeof what === "string"
                ? (await post(`/admin/v1/commands/${what}`, { providers: [name] })).replies[0]
                : what.done(await post(what.path, what.body));
            this.#live.refresh();
            this.#show(reply);
        };
        return actionButton(text, { run, label: `${text} ${name}` });
    }

    #show({ kind, message, state }) {
        const line = this.#fields.reply;
        const text = message || `${kind}; it is ${words(state)}`;
        setText(line, text);
        line.dataset.kind = kind;
        line.hidden = false;
        say(`${this.#provider.name}: ${text}`, kind === "refused" ? "bad" : "good");
        clearTimeout(this.#replied);
        this.#replied = setTimeout(() => (line.hidden = true), REPLY_MS);
    }

    samples(samples) {
        this.#fields.strip.show(samples);
    }

    update(p) {
        this.#provider = p;
        const f = this.#fields;
        const s = p.statistics;
        setText(f.kind, [p.kind, p.default_model].filter(Boolean).join(" · "));
        f.state.show(p.state, p.enabled ? words(p.state) : "disabled", p.enabled ? p.state : "disabled");
        setText(f.wanted, wantedText(p));
        setText(f.health, healthText(p));
        this.#updateLimits(p);
        setText(f.inFlight, integer(p.in_flight));
        setText(f.success, percent(p.success_rate));
        setText(f.failures, s ? `${integer(s.attempts.failed)} of ${integer(s.attempts.started)} failed` : "");
        setText(f.p50, microseconds(s?.attempt_time.count ? s.attempt_time.p50_us : null));
        setText(f.p95, s?.attempt_time.count ? `p95 ${microseconds(s.attempt_time.p95_us)}` : "");
        setText(f.line, p.last_error ? `Last error: ${p.last_error}` : "");
        f.line.hidden = !p.last_error;
        const connect = this.#isUp() ? "Disconnect" : "Connect";
        setCaption(f.connect, connect, `${connect} ${p.name}`);
        const enable = p.enabled ? "Disable" : "Enable";
        setCaption(f.enable, enable, `${enable} ${p.name}`);
        if (!f.detail.node.hidden) f.detail.update(p);
    }

    #updateLimits(p) {
        const f = this.#fields;
        f.breaker.show(p.breaker.state, words(p.breaker.state));
        setText(f.trips, breakerText(p));
        const { pool, permits } = p;
        const more = (waiting) => (waiting > 0 ? ` + ${integer(waiting)} waiting` : "");
        if (pool.max === 0) f.pool.absent("stateless");
        else {
            f.pool.show(pool.active, pool.idle + pool.connecting, pool.max,
                `${pool.active} of ${pool.max}, ${pool.idle} idle${more(pool.waiting)}`);
        }
        if (permits.limit === 0) f.permits.absent("unlimited");
        else {
            f.permits.show(permits.held, 0, permits.limit,
                `${permits.held} of ${permits.limit}${more(permits.waiting)}`);
        }
    }
}

function wantedText(p) {
    if (!p.enabled) return words(p.state);
    if (p.wanted === p.state) return "";
    return p.wanted === "on_demand" ? "on demand" : `wanted ${words(p.wanted)}`;
}

function healthText(p) {
    const check = p.response_time_us == null ? "" : `, checked in ${microseconds(p.response_time_us)}`;
    return p.health === "unknown" ? "not checked yet" : `${words(p.health)}, score ${p.score}${check}`;
}

function breakerText(p) {
    const models = p.model_breakers.filter((each) => each.state !== "closed").length;
    const parts = [];
    if (p.breaker.retry_after_ms > 0) parts.push(`again in ${Math.ceil(p.breaker.retry_after_ms / 1000)} s`);
    if (p.breaker.trips > 0) parts.push(p.breaker.trips === 1 ? "1 trip" : `${p.breaker.trips} trips`);
    if (models > 0) parts.push(models === 1 ? "1 model not closed" : `${models} models not closed`);
    return parts.join(", ") || "never tripped";
}

export function showProviders(live) {
    const filter = byId("provider-filter");
    const rows = new KeyedList(document.querySelector("table.providers"), (p) => p.name, (p) => new Row(p, live));
    let all = [];
    let samples = [];

    const fits = (p) => {
        const text = `${p.name} ${p.kind} ${p.enabled ? p.state : "disabled"} ${p.health}`;
        return text.toLowerCase().includes(filter.value.trim().toLowerCase());
    };
    const draw = () => {
        const shown = all.filter(fits);
        rows.update(shown);
        for (const p of shown) rows.get(p.name).samples(samples);
        byId("no-providers").hidden = shown.length > 0;
        setText(byId("no-providers"), all.length > 0
            ? "No provider fits the filter."
            : "No provider is configured. Add one to the configuration file and reload it.");
    };
    filter.addEventListener("input", draw);
    live.addEventListener("status", ({ detail }) => {
        all = detail.providers;
        byId("provider-filter-box").hidden = all.length < FILTER_FROM && !filter.value;
        draw();
    });
    live.addEventListener("samples", ({ detail }) => {
        samples = detail;
        draw();
    });
}
