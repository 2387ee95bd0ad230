// Who answers for which model, and which routes are tied to one provider.

import { post } from "./api.js";
import { byId, h, KeyedList, setOptions, setText } from "./dom.js";
import { actionButton } from "./messages.js";

const DURATIONS = [["", "until unpinned"], ["300000", "for 5 min"], ["3600000", "for 1 h"], ["86400000", "for 1 d"]];

/** "NAME/*": every provider has one, for whoever names it. */
function isDirect({ model, tiers }) {
    return tiers.length === 1 && tiers[0].length === 1 && model === `${tiers[0][0].provider}/*`;
}

function tierText(tier) {
    const weights = new Set(tier.map((target) => target.weight)).size > 1;
    return tier.map(({ provider, model, weight }) =>
        `${provider}${model ? ` (${model})` : ""}${weights ? ` ×${weight}` : ""}`).join(", ");
}

class Route {
    node;
    #tiers = h("ol", { class: "tiers" });
    #pinned = h("span", { class: "pinned" });
    #unpin;
    #provider;
    #model;

    constructor({ model }, live) {
        this.#model = model;
        this.#provider = h("select", { "aria-label": `Provider to pin ${model} to` });
        const duration = h("select", { "aria-label": `How long to pin ${model}` },
            ...DURATIONS.map(([value, label]) => h("option", { value }, label)));
        const force = h("input", { type: "checkbox" });
        const pin = actionButton("Pin", {
            label: `Pin ${model}`,
            run: async () => {
                const provider = this.#provider.value;
                await post("/admin/v1/routes/pin", {
                    model, provider, force: force.checked,
                    ...(duration.value && { duration_ms: Number(duration.value) }),
                });
                live.refresh({ routes: true });
                return `${model} is pinned to ${provider}`;
            },
        });
        this.#unpin = actionButton("Unpin", {
            label: `Unpin ${model}`,
            run: async () => {
                const { was_pinned: was } = await post("/admin/v1/routes/unpin", { model });
                live.refresh({ routes: true });
                return was ? `${model} is no longer pinned` : `${model} was not pinned`;
            },
        });
        this.node = h("li", { class: "route" },
            h("div", { class: "route-head" }, h("h3", {}, model), this.#pinned),
            this.#tiers,
            h("div", { class: "route-pin" }, this.#provider, duration,
                h("label", { title: "Without fail-over, even if the provider is down" }, force, "force"),
                h("span", { class: "buttons" }, pin, this.#unpin)));
    }

    update(route) {
        setText(this.#pinned, route.pinned_to
            ? `pinned to ${route.pinned_to}${route.pin_forced ? ", by force" : ""}` : "");
        this.node.toggleAttribute("data-pinned", Boolean(route.pinned_to));
        this.#unpin.hidden = !route.pinned_to;
        const tiers = route.tiers.map(tierText);
        if (this.#tiers.dataset.shown !== tiers.join("\n")) {
            this.#tiers.dataset.shown = tiers.join("\n");
            this.#tiers.replaceChildren(...tiers.map((text) => h("li", {}, text)));
        }
        const names = [...new Set(route.tiers.flat().map((target) => target.provider))];
        setOptions(this.#provider, names.map((name) => [name, name]));
    }
}

export function showRoutes(live) {
    const list = new KeyedList(byId("routes"), (route) => route.model, (route) => new Route(route, live));
    live.addEventListener("routes", ({ detail }) => {
        const shown = detail.filter((route) => !isDirect(route) || route.pinned_to);
        list.update(shown);
        byId("no-routes").hidden = shown.length > 0;
    });
}
