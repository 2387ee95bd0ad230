// States as shapes, so that colour is never all that tells them apart.

import { setAttribute, setText, svg, h } from "./dom.js";

const SHAPES = {
    disc: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z",
    ring: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
    half: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2v8a4 4 0 0 1 0-8z",
    triangle: "M8 1.5 15.2 14H.8z",
    square: "M2.5 2.5h11v11h-11z",
    cross: "M3.4 1.6 8 6.2l4.6-4.6 1.8 1.8L9.8 8l4.6 4.6-1.8 1.8L8 9.8l-4.6 4.6-1.8-1.8L6.2 8 1.6 3.4z",
    bar: "M2 6.5h12v3H2z",
};

const STATES = {
    connected: ["disc", "good"],
    connecting: ["half", "busy"],
    disconnecting: ["half", "busy"],
    disconnected: ["ring", "idle"],
    unhealthy: ["triangle", "bad"],
    misconfigured: ["cross", "bad"],
    disabled: ["bar", "idle"],

    healthy: ["disc", "good"],
    degraded: ["triangle", "warn"],
    unknown: ["ring", "idle"],

    closed: ["disc", "good"],
    forced_closed: ["disc", "warn"],
    half_open: ["half", "warn"],
    open: ["triangle", "bad"],
    forced_open: ["triangle", "bad"],
};

export function toneOf(state) {
    return STATES[state]?.[1] ?? "idle";
}

/** An icon and a word. */
export class StateLabel {
    node;
    #path;
    #word;

    constructor() {
        this.#path = svg("path", { fill: "currentColor", "fill-rule": "evenodd" });
        this.#word = h("span");
        const icon = svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" });
        icon.append(this.#path);
        this.node = h("span", { class: "state-label" }, icon, this.#word);
    }

    /** @param look another state whose icon it has */
    show(state, text, look = state) {
        const [shape, tone] = STATES[look] ?? ["ring", "idle"];
        setAttribute(this.#path, "d", SHAPES[shape]);
        setAttribute(this.node, "data-tone", tone);
        setText(this.#word, text);
    }
}

/** Small marks at the ends of lines in plots, one for each series. */
export const MARKS = [
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "M-3.2-3.2h6.4v6.4h-6.4z",
    "M0-4.2 4.2 3.2h-8.4z",
    "M0-4.6 4.6 0 0 4.6-4.6 0z",
    "M0 4.2 4.2-3.2h-8.4z",
    "M-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
];
