// Latency and errors of the last hour: two plots, one cursor, one legend that is also the readout.

import { byId, h, KeyedList, setAttribute, setText, svg } from "./dom.js";
import { clock, microseconds, percent } from "./format.js";
import { MARKS } from "./icons.js";
import { Plot } from "./plot.js";

const SHOWN_AT_FIRST = MARKS.length;
/** By the minutes that are shown. */
const POINT_SECONDS = { 5: 5, 15: 15, 60: 60 };

/** How much a count has risen; one that has fallen began anew. */
function rise(now, before) {
    return before === undefined || now < before ? now : now - before;
}

/** Successive samples as one point: how counts have risen since `before`, the mean of percentiles. */
function merge(samples, name, before) {
    const sum = { attempts: 0, failures: 0, p50: [], p95: [] };
    let last = before?.providers[name];
    for (const sample of samples) {
        const each = sample.providers[name];
        if (!each) continue;
        if (last) {
            sum.attempts += rise(each.attempts, last.attempts);
            sum.failures += rise(each.failures, last.failures);
        }
        last = each;
        if (each.p50_us > 0) sum.p50.push(each.p50_us);
        if (each.p95_us > 0) sum.p95.push(each.p95_us);
    }
    const mean = (all) => (all.length > 0 ? all.reduce((a, b) => a + b) / all.length : null);
    const calls = Math.max(sum.attempts, sum.failures);
    return {
        p50: mean(sum.p50),
        p95: mean(sum.p95),
        errors: calls > 0 ? (100 * sum.failures) / calls : null,
    };
}

/**
 * { times, points: Map name -> [{ p50, p95, errors }] }. Points stand at whole multiples of their
 * length, so that they stay what they are while time goes on.
 */
export function pointsOf(samples, names, minutes) {
    const length = POINT_SECONDS[minutes] * 1000;
    const last = samples.length > 0 ? Date.parse(samples.at(-1).time) : 0;
    const buckets = new Map();
    samples.forEach((sample, index) => {
        const time = Date.parse(sample.time);
        if (time <= last - minutes * 60_000) return;
        const at = Math.ceil(time / length) * length;
        if (!buckets.has(at)) buckets.set(at, { before: samples[index - 1], samples: [] });
        buckets.get(at).samples.push(sample);
    });
    const times = [...buckets.keys()];
    const pointAt = (name, at) => merge(buckets.get(at).samples, name, buckets.get(at).before);
    return { times, points: new Map(names.map((name) => [name, times.map((at) => pointAt(name, at))])) };
}

class LegendItem {
    node;
    #values = h("span", { class: "values" });
    #button;

    constructor({ name, color }, toggle) {
        const picture = svg("svg", { viewBox: "-16 -6 32 12", class: "swatch", "aria-hidden": "true" },
            svg("path", { class: `line series-${color % MARKS.length}`, d: "M-16 0H16" }),
            svg("path", { class: `mark series-${color % MARKS.length}`, d: MARKS[color % MARKS.length] }));
        this.#button = h("button", { type: "button", class: "plain legend-item", onclick: toggle },
            picture, h("span", { class: "legend-name" }, name));
        this.node = h("li", {}, this.#button, this.#values);
    }

    update({ shown, text }) {
        setAttribute(this.#button, "aria-pressed", String(shown));
        setText(this.#values, text);
    }
}

export class Plots {
    #samples = [];
    #providers = new Map(); // name -> { name, color, shown }
    #minutes = 15;
    #cursor = null;
    #data = { times: [], points: new Map() };
    #legend;
    #latency;
    #errors;

    constructor(live) {
        const shared = {
            onCursor: (index) => this.#setCursor(index),
        };
        this.#latency = new Plot({
            ...shared, label: "Latency", least: 1000, unit: axisTime,
            describe: (at) => this.#describe(at, (point) => `median ${microseconds(point.p50)}, ` +
                `95th percentile ${microseconds(point.p95)}`),
        });
        this.#errors = new Plot({
            ...shared, label: "Errors", least: 4, unit: (value) => `${value} %`,
            describe: (at) => this.#describe(at, (point) =>
                point.errors === null ? "no calls" : percent(point.errors / 100)),
        });
        byId("latency-plot").append(this.#latency.node);
        byId("errors-plot").append(this.#errors.node);
        this.#legend = new KeyedList(byId("legend"), (item) => item.name,
            (item) => new LegendItem(item, () => this.#toggle(item.name)));
        for (const radio of document.getElementsByName("range")) {
            radio.addEventListener("change", () => {
                this.#minutes = Number(radio.value);
                this.#cursor = null;
                this.#draw();
            });
        }
        live.addEventListener("status", ({ detail }) => this.#know(detail.providers));
        live.addEventListener("samples", ({ detail }) => {
            this.#samples = detail;
            this.#draw();
        });
    }

    #know(providers) {
        const names = providers.map((provider) => provider.name);
        const known = names.length === this.#providers.size && names.every((name) => this.#providers.has(name));
        if (known) return;
        const before = this.#providers;
        this.#providers = new Map(names.map((name, color) => [name, {
            name, color, shown: before.get(name)?.shown ?? color < SHOWN_AT_FIRST,
        }]));
        this.#draw();
    }

    #toggle(name) {
        const provider = this.#providers.get(name);
        provider.shown = !provider.shown;
        this.#draw();
    }

    #setCursor(index) {
        this.#cursor = index;
        this.#latency.setCursor(index);
        this.#errors.setCursor(index);
        this.#readOut();
    }

    #draw() {
        const all = [...this.#providers.values()];
        this.#data = pointsOf(this.#samples, all.map((each) => each.name), this.#minutes);
        if (this.#cursor !== null && this.#cursor >= this.#data.times.length) this.#cursor = null;
        const { times, points } = this.#data;
        const lines = (key, dashed) => all.filter((each) => each.shown).map(({ name, color }) =>
            ({ name, color, dashed, values: points.get(name).map((point) => point[key]) }));
        this.#latency.show({ times, series: [...lines("p95", true), ...lines("p50", false)] });
        this.#errors.show({ times, series: lines("errors", false) });
        this.#readOut();
    }

    #describe(at, say) {
        const { times, points } = this.#data;
        if (times[at] === undefined) return "no samples";
        const parts = [...this.#providers.values()].filter((each) => each.shown)
            .map(({ name }) => `${name}: ${say(points.get(name)[at])}`);
        return `${clock(times[at])}. ${parts.join("; ")}`;
    }

    /** The moment under the cursor, or the newest of which something is known. */
    #readOut() {
        const { times, points } = this.#data;
        const at = this.#cursor ?? times.length - 1;
        setText(byId("readout-time"), times[at] === undefined ? ""
            : this.#cursor === null ? `latest, ${clock(times[at])}` : clock(times[at]));
        this.#legend.update([...this.#providers.values()].map((provider) => {
            const point = points.get(provider.name)?.[at];
            const quiet = !point || (point.p50 === null && point.errors === null);
            const text = quiet ? "no calls" : `p50 ${microseconds(point.p50)}  p95 ${microseconds(point.p95)}` +
                `  errors ${percent(point.errors === null ? null : point.errors / 100)}`;
            return { ...provider, text };
        }));
    }
}

function axisTime(us) {
    if (us === 0) return "0";
    if (us < 1000) return `${us} µs`;
    return us < 1e6 ? `${us / 1e3} ms` : `${us / 1e6} s`;
}
