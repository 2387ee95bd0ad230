// What is being answered now.

import { post } from "./api.js";
import { byId, h, KeyedList, setText } from "./dom.js";
import { age, bytes, integer } from "./format.js";
import { actionButton } from "./messages.js";

class Row {
    node;
    #cells = {};

    constructor(request, live) {
        const id = request.id;
        const cancel = actionButton("Cancel", {
            label: `Cancel request ${id}`,
            kind: "danger",
            run: async () => {
                await post(`/admin/v1/requests/${encodeURIComponent(id)}/cancel`);
                live.refresh();
                return `Request ${id} is cancelled`;
            },
        });
        const cell = (name, label, ...content) => {
            this.#cells[name] = h("span");
            return h("td", { role: "cell", class: name },
                h("span", { class: "cell-name", "aria-hidden": "true" }, label), this.#cells[name], ...content);
        };
        this.node = h("tr", { role: "row" },
            h("th", { role: "rowheader", scope: "row", class: "id" },
                h("code", { title: id }, id), h("span", { class: "minor" }, request.dialect)),
            cell("model", "Model"), cell("provider", "Provider"), cell("age number", "Age"),
            cell("sent number", "Sent"), cell("attempts number", "Attempts"),
            h("td", { role: "cell", class: "actions" }, cancel));
    }

    update(request) {
        const c = this.#cells;
        setText(c.model, request.model);
        setText(c.provider, request.provider || "waits");
        setText(c["age number"], age(request.age_ms));
        const deltas = request.stream ? `${integer(request.deltas)} deltas, ` : "";
        setText(c["sent number"], `${deltas}${bytes(request.bytes)}`);
        setText(c["attempts number"], integer(request.attempts));
    }
}

export function showRequests(live) {
    const rows = new KeyedList(byId("requests"), (request) => request.id, (request) => new Row(request, live));
    live.addEventListener("requests", ({ detail }) => {
        const focused = byId("requests").contains(document.activeElement);
        rows.update([...detail].sort((a, b) => b.age_ms - a.age_ms));
        // The row of a focused button may have gone with its request: do not start over at the top.
        if (focused && !document.activeElement?.closest("#requests")) byId("requests-title").focus();
        byId("no-requests").hidden = detail.length > 0;
        setText(byId("requests-count"), detail.length > 0 ? integer(detail.length) : "");
    });
}
