// What unfolds below a provider: further commands, breakers, times, failures, counts.

import { h, KeyedList, setAttribute, setText } from "./dom.js";
import { integer, microseconds, moment, words } from "./format.js";
import { StateLabel } from "./icons.js";
import { setCaption } from "./messages.js";

const TIMES = [
    ["attempt_time", "Attempt"],
    ["first_byte", "First byte"],
    ["request_time", "Request"],
    ["queue_wait", "Queue"],
    ["connect_time", "Connect"],
];
const COLUMNS = ["p50", "p90", "p95", "p99", "max"];

const COUNTS = [
    ["Retries", (s) => s.retries + s.transparent_retries],
    ["Fail-overs", (s) => s.fail_overs],
    ["Rejected here", (s) => s.attempts.rejected],
    ["Cancelled", (s) => s.attempts.cancelled],
    ["Budget exhausted", (s) => s.budget_exhausted],
    ["Connects", (s) => s.connects],
    ["Connect failures", (s) => s.connect_failures],
    ["Health checks", (s) => s.health_checks],
    ["Checks failed", (s) => s.health_failures],
    ["Tokens in", (s) => s.input_tokens],
    ["Tokens out", (s) => s.output_tokens],
];

class BreakerLine {
    node;
    #state = new StateLabel();
    #minor = h("span", { class: "minor" });

    constructor(provider, model, command) {
        const of = model ? `the breaker of ${model} at` : "the breaker of";
        const buttons = ["open", "close", "reset"].map((verb) => {
            const caption = verb[0].toUpperCase() + verb.slice(1);
            const button = command(caption, () => ({
                path: "/admin/v1/breaker",
                body: { provider, ...(model && { model }), command: verb },
                done: ({ state }) => ({
                    kind: "accepted", state,
                    message: `${of} ${provider} is ${words(state)}`,
                }),
            }));
            setCaption(button, caption, `${caption} ${of} ${provider}`);
            return button;
        });
        this.node = h("li", {}, h("span", { class: "breaker-model" }, model || "all models"),
            this.#state.node, this.#minor, h("span", { class: "buttons" }, ...buttons));
    }

    update(breaker) {
        this.#state.show(breaker.state, words(breaker.state));
        setText(this.#minor, `${breaker.failures} of ${breaker.calls} failed lately, ` +
            `${integer(breaker.trips)} trips, ${integer(breaker.rejected)} rejected`);
    }
}

function pairs(list, entries) {
    list.replaceChildren(...entries.flatMap(([name, value]) =>
        [h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))]));
}

export class ProviderDetail {
    node = h("div", { class: "detail", hidden: true });
    #times = {};
    #codes = h("dl", { class: "pairs" });
    #counts = h("dl", { class: "pairs" });
    #facts = h("dl", { class: "pairs" });
    #breakers;

    constructor(name, command) {
        const list = h("ul", { class: "breakers" });
        this.#breakers = new KeyedList(list, (breaker) => breaker.model ?? "",
            (breaker) => new BreakerLine(name, breaker.model, command));
        const commands = h("div", { class: "buttons" },
            command("Reconnect", () => "reconnect"),
            command("Recover", () => "recover"),
            command("Check now", () => "health"));
        const part = (title, ...content) => h("section", {}, h("h4", {}, title), ...content);
        this.node.append(
            part("Commands", commands, h("p", { class: "minor" },
                "Reconnect renews all connections. Recover forgets failures: breakers, cool-down, health.")),
            part("Breakers", list),
            part("Times", this.#timesTable(name)),
            part("Attempts that failed, by code", this.#codes),
            part("Since it was made", this.#counts),
            part("Facts", this.#facts));
    }

    #timesTable(name) {
        const head = h("tr", {}, h("th", { scope: "col" }, h("span", { class: "sr-only" }, "What")),
            ...COLUMNS.map((column) => h("th", { scope: "col" }, column)), h("th", { scope: "col" }, "n"));
        const rows = TIMES.map(([key, title]) => {
            this.#times[key] = [...COLUMNS, "n"].map(() => h("td"));
            return h("tr", {}, h("th", { scope: "row" }, title), ...this.#times[key]);
        });
        const caption = h("caption", { class: "sr-only" }, `Times of ${name}`);
        return h("table", { class: "times" }, caption, h("thead", {}, head), h("tbody", {}, ...rows));
    }

    update(p) {
        const s = p.statistics;
        this.#breakers.update([{ ...p.breaker, model: "" }, ...p.model_breakers]);
        for (const [key] of TIMES) {
            const times = s?.[key];
            COLUMNS.forEach((column, at) => setText(this.#times[key][at],
                microseconds(times?.count ? times[`${column}_us`] : null)));
            setText(this.#times[key].at(-1), integer(times?.count));
        }
        const codes = Object.entries(s?.attempts.failed_by_code ?? {}).sort((a, b) => b[1] - a[1]);
        pairs(this.#codes, codes.length > 0
            ? codes.map(([code, count]) => [words(code), integer(count)]) : [["None", ""]]);
        pairs(this.#counts, s ? COUNTS.map(([name, of]) => [name, integer(of(s))]) : []);
        pairs(this.#facts, [
            ["Library", p.library || "–"],
            ["Server", p.server_version || "–"],
            ["Last check", moment(p.last_check)],
            ["Next check", moment(p.next_check)],
            ...(p.cools_down_until ? [["Cools down until", moment(p.cools_down_until)]] : []),
            ["Unfinished calls", integer(p.unfinished)],
            ["Rules of the ABI broken", integer(p.misbehaviours)],
        ]);
        setAttribute(this.node, "data-stateless", p.pool.max === 0 ? "" : null);
    }
}
