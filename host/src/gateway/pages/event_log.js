// What has happened, newest first.

import { byId, h, setOptions, setText } from "./dom.js";
import { clock, words } from "./format.js";
import { StateLabel, toneOf } from "./icons.js";
import { say } from "./messages.js";

const KEPT = 1000;
const SHOWN = 250;

function change(event) {
    if (event.from && event.to && event.from !== event.to) return `${words(event.from)} → ${words(event.to)}`;
    return words(event.to || event.from);
}

function line(event) {
    const state = new StateLabel();
    const what = change(event);
    state.show(event.to || event.kind, words(event.kind));
    return h("li", { "data-sequence": event.sequence },
        h("time", { datetime: event.time, title: event.time }, clock(event.time)),
        h("span", { class: "who" }, event.provider || "host"),
        state.node,
        h("span", { class: "what" }, what, event.reason ? h("span", { class: what ? "minor" : "" }, event.reason) : null));
}

export class EventLog {
    #events = [];
    #held = 0;
    #announceFrom = Infinity;
    #list = byId("events");
    #filter = byId("event-filter");
    #pause = byId("event-pause");

    constructor(live) {
        this.#filter.addEventListener("change", () => this.#redraw());
        this.#pause.addEventListener("click", () => this.#toggle());
        live.addEventListener("happened", ({ detail }) => this.#add(detail));
        live.addEventListener("restarted", () => {
            this.#events = [];
            this.#redraw();
        });
        live.addEventListener("status", ({ detail }) => {
            const names = detail.providers.map(({ name }) => [name, name]);
            setOptions(this.#filter, [["", "All providers"], ...names]);
            if (this.#announceFrom === Infinity) this.#announceFrom = Date.now();
        });
    }

    get #paused() {
        return this.#pause.getAttribute("aria-pressed") === "true";
    }

    #fits(event) {
        return this.#filter.value === "" || this.#filter.value === event.provider;
    }

    #add(event) {
        this.#events.push(event);
        if (this.#events.length > KEPT) this.#events.shift();
        this.#announce(event);
        if (this.#paused) {
            this.#held += 1;
            this.#showHeld();
        } else if (this.#fits(event)) {
            this.#list.prepend(line(event));
            if (this.#list.children.length > SHOWN) this.#list.lastElementChild.remove();
            byId("no-events").hidden = true;
        }
    }

    /** Bad news only: a log that is read out in full helps nobody. */
    #announce(event) {
        const isNew = Date.parse(event.time) >= this.#announceFrom;
        if (!isNew || event.from === event.to || toneOf(event.to) !== "bad") return;
        setText(byId("announcements"), `${event.provider}: ${words(event.kind)} is ${words(event.to)}`);
        if (event.kind === "connection_state") say(`${event.provider} is ${words(event.to)}: ${event.reason}`);
    }

    #toggle() {
        this.#pause.setAttribute("aria-pressed", String(!this.#paused));
        this.#held = 0;
        this.#showHeld();
        if (!this.#paused) this.#redraw();
    }

    #showHeld() {
        const more = this.#held > 0 ? ` (${this.#held} new)` : "";
        setText(this.#pause, this.#paused ? `Resume${more}` : "Pause");
    }

    #redraw() {
        const shown = this.#events.filter((event) => this.#fits(event)).slice(-SHOWN).reverse();
        this.#list.replaceChildren(...shown.map(line));
        byId("no-events").hidden = shown.length > 0;
    }
}
