// Builds and changes the page. Text from the daemon only ever becomes text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value === true) node.setAttribute(name, "");
        else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
}

/** h("p", { class: "note" }, "text", node). */
export function h(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Changes nothing that is so already: neither selection nor screen readers notice. */
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

/** null removes the attribute. */
export function setAttribute(node, name, value) {
    if (value == null) {
        if (node.hasAttribute(name)) node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(value)) {
        node.setAttribute(name, value);
    }
}

/**
 * Keeps one node for each item, in their order; nodes that stay are not touched, so that they keep
 * the focus.
 * @param make (item) => { node, update(item) }
 */
export class KeyedList {
    #parent;
    #key;
    #make;
    #rows = new Map();
    #fixed; // what stands before the list, such as the head of a table

    constructor(parent, key, make) {
        this.#parent = parent;
        this.#fixed = parent.lastChild;
        this.#key = key;
        this.#make = make;
    }

    update(items) {
        const rows = new Map();
        for (const item of items) {
            const key = this.#key(item);
            const row = this.#rows.get(key) ?? this.#make(item);
            this.#rows.delete(key);
            rows.set(key, row);
            row.update(item);
        }
        for (const row of this.#rows.values()) row.node.remove();
        let at = this.#fixed ? this.#fixed.nextSibling : this.#parent.firstChild;
        for (const row of rows.values()) {
            if (row.node === at) at = at.nextSibling;
            else this.#parent.insertBefore(row.node, at);
        }
        this.#rows = rows;
    }

    get(key) {
        return this.#rows.get(key);
    }
}

/** Options of a select, without losing what is chosen. */
export function setOptions(select, options) {
    const wanted = options.map(([value, label]) => `${value}\t${label}`).join("\n");
    if (select.dataset.options === wanted) return;
    const chosen = select.value;
    select.replaceChildren(...options.map(([value, label]) => h("option", { value }, label)));
    select.dataset.options = wanted;
    if (options.some(([value]) => value === chosen)) select.value = chosen;
}
