// One plot of lines over time, drawn as SVG: axes, units, gaps, and a cursor for pointer and keys.

import { h, setAttribute, svg } from "./dom.js";
import { MARKS } from "./icons.js";

const HEIGHT = 190;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;

/** Round steps for an axis from 0 to at least `top`. */
export function ticks(top, count = 4) {
    if (!(top > 0)) return [0, 1];
    const raw = top / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw);
    const found = [];
    for (let at = 0; ; at += step) {
        found.push(at);
        if (at >= top) return found;
    }
}

/** Whole minutes of the wall clock, few enough to be read. */
function timeTicks(from, to, width) {
    const wanted = (to - from) / Math.max(2, Math.floor(width / 90));
    const steps = [15, 30, 60, 120, 300, 600, 900, 1800].map((s) => s * 1000);
    const step = steps.find((each) => each >= wanted) ?? 3_600_000;
    const found = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push([at, step]);
    return found;
}

function timeLabel(at, step) {
    const seconds = step < 60_000 ? { second: "2-digit" } : {};
    return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...seconds });
}

/**
 * A series is { name, color (index), dashed, values: [number | null for each of `times`] }.
 */
export class Plot {
    node;
    #svg;
    #label;
    #unit;
    #least;
    #width = 600;
    #data = { times: [], series: [] };
    #cursor = null;
    #rule = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    #onCursor;
    #describe;

    /**
     * @param unit (value) => text of the axis
     * @param least what the axis reaches at any rate
     * @param onCursor (index | null): moved by the visitor
     * @param describe (index) => text for screen readers
     */
    constructor({ label, unit, least, onCursor, describe }) {
        this.#label = label;
        this.#unit = unit;
        this.#least = least;
        this.#onCursor = onCursor;
        this.#describe = describe;
        this.#svg = svg("svg", { class: "plot", height: HEIGHT, "aria-hidden": "true" });
        this.node = h("div", {
            class: "plot-box", role: "slider", tabindex: "0", "aria-label": `${label}, moment`,
            "aria-orientation": "horizontal",
        }, this.#svg);
        this.node.addEventListener("pointermove", (event) => this.#point(event));
        this.node.addEventListener("pointerleave", () => this.#onCursor(null));
        this.node.addEventListener("blur", () => this.#onCursor(null));
        this.node.addEventListener("keydown", (event) => this.#press(event));
        new ResizeObserver(([entry]) => {
            this.#width = Math.max(220, Math.round(entry.contentRect.width));
            this.#draw();
        }).observe(this.node);
    }

    show(data) {
        this.#data = data;
        this.#draw();
    }

    /** Both plots show the same moment. */
    setCursor(index) {
        this.#cursor = index;
        const { times } = this.#data;
        const shown = index !== null && times[index] !== undefined;
        setAttribute(this.#rule, "visibility", shown ? "visible" : "hidden");
        if (shown) {
            setAttribute(this.#rule, "x1", this.#x(times[index]));
            setAttribute(this.#rule, "x2", this.#x(times[index]));
        }
        this.#tellReaders();
    }

    #tellReaders() {
        const last = Math.max(0, this.#data.times.length - 1);
        const at = this.#cursor ?? last;
        setAttribute(this.node, "aria-valuemin", 0);
        setAttribute(this.node, "aria-valuemax", last);
        setAttribute(this.node, "aria-valuenow", at);
        setAttribute(this.node, "aria-valuetext", this.#describe(at));
    }

    #press(event) {
        const last = this.#data.times.length - 1;
        const at = this.#cursor ?? last;
        const moves = {
            ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
            PageUp: at + 10, PageDown: at - 10, Home: 0, End: last,
        };
        if (event.key === "Escape") return this.#onCursor(null);
        if (!(event.key in moves) || last < 0) return;
        event.preventDefault();
        this.#onCursor(Math.min(last, Math.max(0, moves[event.key])));
    }

    #point(event) {
        const { times } = this.#data;
        if (times.length === 0) return;
        const x = event.clientX - this.#svg.getBoundingClientRect().left;
        const share = (x - LEFT) / (this.#width - LEFT - RIGHT);
        const time = times[0] + share * (times.at(-1) - times[0]);
        let best = 0;
        times.forEach((each, at) => {
            if (Math.abs(each - time) < Math.abs(times[best] - time)) best = at;
        });
        this.#onCursor(best);
    }

    #x(time) {
        const { times } = this.#data;
        const length = Math.max(1, times.at(-1) - times[0]);
        return LEFT + ((time - times[0]) / length) * (this.#width - LEFT - RIGHT);
    }

    #draw() {
        const { times, series } = this.#data;
        const highest = Math.max(this.#least, ...series.flatMap((each) => each.values.filter(Number.isFinite)));
        const steps = ticks(highest);
        const top = steps.at(-1);
        const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
        setAttribute(this.#svg, "width", this.#width);
        setAttribute(this.#svg, "viewBox", `0 0 ${this.#width} ${HEIGHT}`);
        this.#svg.replaceChildren(...this.#grid(steps, y), ...series.flatMap((each) => this.#line(each, times, y)),
            this.#rule);
        if (times.length === 0) {
            this.#svg.append(svg("text", { class: "nothing", x: this.#width / 2, y: HEIGHT / 2 }, "no samples yet"));
        }
        this.setCursor(this.#cursor);
    }

    #grid(steps, y) {
        const { times } = this.#data;
        const right = this.#width - RIGHT;
        const nodes = steps.flatMap((value) => [
            svg("line", { class: value === 0 ? "axis" : "grid", x1: LEFT, x2: right, y1: y(value), y2: y(value) }),
            svg("text", { class: "y-label", x: LEFT - 6, y: y(value) + 3.5 }, this.#unit(value)),
        ]);
        if (times.length < 2) return nodes;
        for (const [at, step] of timeTicks(times[0], times.at(-1), this.#width)) {
            const x = this.#x(at);
            nodes.push(svg("line", { class: "axis", x1: x, x2: x, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }));
            if (x > LEFT + 12 && x < right - 14) {
                nodes.push(svg("text", { class: "x-label", x, y: HEIGHT - 6 }, timeLabel(at, step)));
            }
        }
        return nodes;
    }

    #line(each, times, y) {
        let path = "";
        let pen = false;
        let end = null;
        each.values.forEach((value, at) => {
            if (!Number.isFinite(value)) {
                pen = false;
                return;
            }
            const [px, py] = [this.#x(times[at]).toFixed(1), y(value).toFixed(1)];
            path += `${pen ? "L" : "M"}${px} ${py}`;
            if (!pen && !Number.isFinite(each.values[at + 1])) path += "m-2 0h4m-2 0"; // alone: a dash
            pen = true;
            end = [px, py];
        });
        if (end === null) return [];
        const color = `series-${each.color % MARKS.length}`;
        const nodes = [svg("path", { class: `line ${color}${each.dashed ? " dashed" : ""}`, d: path })];
        if (!each.dashed) {
            const mark = MARKS[each.color % MARKS.length];
            nodes.push(svg("path", { class: `mark ${color}`, d: mark, transform: `translate(${end.join(" ")})` }));
        }
        return nodes;
    }
}
