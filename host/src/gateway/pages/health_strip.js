// The last hour of one provider, a bar for each minute: the worse, the taller.

import { h, setAttribute, svg } from "./dom.js";

const MINUTES = 60;
const RANKS = ["", "unknown", "healthy", "degraded", "unhealthy"];
const HEIGHTS = [2, 4, 8, 13, 18];

function rank(sample) {
    if (!sample) return 0;
    if (sample.health === "misconfigured" || sample.state === "misconfigured") return 4;
    if (sample.state === "unhealthy") return 4;
    return Math.max(1, RANKS.indexOf(sample.health));
}

/** The worst of each minute, the newest last. */
export function worstByMinute(samples, name, now) {
    const worst = new Array(MINUTES).fill(0);
    for (const sample of samples) {
        const minute = Math.floor((now - Date.parse(sample.time)) / 60_000);
        if (minute < 0 || minute >= MINUTES) continue;
        const at = MINUTES - 1 - minute;
        worst[at] = Math.max(worst[at], rank(sample.providers[name]));
    }
    return worst;
}

export class HealthStrip {
    node;
    #name;
    #drawn = "";
    #bars;

    constructor(name) {
        this.#name = name;
        this.#bars = Array.from({ length: MINUTES }, (_, at) =>
            svg("rect", { x: at * 3, width: 2, y: 16, height: 2 }));
        const picture = svg("svg", {
            viewBox: `0 0 ${MINUTES * 3 - 1} 18`, role: "img", preserveAspectRatio: "none",
        }, ...this.#bars);
        this.node = h("div", { class: "strip" }, picture);
    }

    show(samples) {
        const now = samples.length > 0 ? Date.parse(samples.at(-1).time) : 0;
        const worst = worstByMinute(samples, this.#name, now);
        const drawn = worst.join("");
        if (drawn === this.#drawn) return;
        this.#drawn = drawn;
        worst.forEach((value, at) => {
            setAttribute(this.#bars[at], "y", 18 - HEIGHTS[value]);
            setAttribute(this.#bars[at], "height", HEIGHTS[value]);
            setAttribute(this.#bars[at], "class", RANKS[value] || "none");
        });
        const count = (value) => worst.filter((each) => each === value).length;
        const text = `Last hour, minutes: ${count(2)} healthy, ${count(3)} degraded, ` +
            `${count(4)} unhealthy, ${count(1)} not known`;
        setAttribute(this.node.firstChild, "aria-label", text);
        setAttribute(this.node, "title", text);
    }
}
