// Puts the parts of the page together.

import { access, post } from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { EventLog } from "./event_log.js";
import { clock, integer, span, words } from "./format.js";
import { askForKey, setUpKeyDialog } from "./key_dialog.js";
import { Live } from "./live.js";
import { actionButton, setReachable } from "./messages.js";
import { Plots } from "./plots.js";
import { showPrompt } from "./prompt.js";
import { showProviders } from "./providers.js";
import { showRequests } from "./requests.js";
import { showRoutes } from "./routes.js";
import { showTraces } from "./traces.js";

function setUpTheme() {
    const select = byId("theme");
    select.value = document.documentElement.dataset.theme ?? "auto";
    select.addEventListener("change", () => {
        const chosen = select.value;
        if (chosen === "auto") delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = chosen;
        try {
            localStorage.setItem("tenon.theme", chosen);
        } catch {
            // then it holds until the page is left
        }
    });
}

function setUpAccess() {
    const show = () => {
        document.documentElement.toggleAttribute("data-admin", access.mayChange);
        setText(byId("access"), access.mayChange ? "Forget key" : "Enter admin key");
        setText(byId("access-state"), access.mayChange ? "Admin" : "Read-only");
        byId("read-only-note").hidden = access.mayChange;
    };
    byId("access").addEventListener("click", () => {
        if (access.mayChange) access.set("");
        else askForKey();
    });
    access.addEventListener("change", show);
    show();
}

function showOverview(live) {
    let status = null;
    let before = null;
    live.addEventListener("status", ({ detail }) => {
        status = detail;
        const now = performance.now();
        const up = status.providers.filter((p) => p.state === "connected").length;
        const wanted = status.providers.filter((p) => p.enabled).length;
        setText(byId("version"), status.version);
        setText(byId("ready"), status.ready ? "Ready" : "Not ready");
        setAttribute(byId("ready"), "data-tone", status.ready ? "good" : "bad");
        setText(byId("uptime"), span(status.uptime_ms));
        setText(byId("in-flight"), integer(status.requests.in_flight));
        setText(byId("waiting"), integer(status.requests.waiting));
        setText(byId("total"), integer(status.requests.total));
        setText(byId("up"), `${up} of ${status.providers.length}`);
        setText(byId("up-note"), wanted === status.providers.length ? "connected" : `connected, ${wanted} enabled`);
        const queue = status.offline?.enabled;
        setText(byId("offline"), queue ? integer(status.offline.queued) : "off");
        setText(byId("offline-note"), queue ? "requests on disk" : "");
        setText(byId("listen"), (status.listen ?? []).join("  "));
        setText(byId("config-file"), status.config_file || "none");
        setText(byId("pid"), String(status.pid));
        if (before && now - before.at > 800) {
            const rate = Math.max(0, (status.requests.total - before.total) / ((now - before.at) / 1000));
            setText(byId("rate"), `${rate < 10 ? rate.toFixed(1) : integer(Math.round(rate))} per second`);
        }
        if (!before || now - before.at > 800) before = { at: now, total: status.requests.total };
        const down = status.providers.filter((p) => p.enabled && p.state === "unhealthy").length;
        document.title = down > 0 ? `(${down}) Tenon` : "Tenon";
    });
    live.addEventListener("restarted", () => (before = null));
}

function showLink(live) {
    const banner = byId("banner");
    let ticking = 0;
    const tell = () => {
        const { state, since, retryAt } = live.link;
        document.documentElement.dataset.link = state;
        setText(byId("link"), { live: "Live", lost: "Stale", locked: "Locked" }[state] ?? "Connecting");
        banner.hidden = state !== "lost" && state !== "locked";
        byId("retry").hidden = state !== "lost";
        byId("banner-key").hidden = state !== "locked";
        if (state === "locked") {
            setText(byId("banner-text"), "This gateway shows its state to those with the admin key only.");
            setText(byId("banner-count"), "");
        } else if (state === "lost") {
            setText(byId("banner-text"), live.status
                ? `The daemon does not answer. What is shown is from ${clock(since)}.`
                : "The daemon does not answer.");
            const rest = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
            setText(byId("banner-count"), rest > 0 ? `Next try in ${rest} s.` : "Trying.");
        }
        clearInterval(ticking);
        if (state === "lost") ticking = setInterval(tell, 500);
    };
    live.addEventListener("link", ({ detail }) => {
        setReachable(detail.state === "live");
        tell();
    });
    byId("retry").addEventListener("click", () => live.refresh());
    byId("banner-key").addEventListener("click", () => askForKey());
}

function setUpReload(live) {
    byId("global-actions").append(actionButton("Reload configuration", {
        hint: "Reads the configuration file again, whole or not at all",
        run: async () => {
            const { changed, needs_restart: restart, misconfigured: bad } = await post("/admin/v1/reload");
            live.refresh({ routes: true });
            const what = [changed.length > 0 ? `Changed: ${changed.join(", ")}` : "Nothing has changed"];
            if (restart.length > 0) what.push(`After a restart only: ${restart.join(", ")}`);
            if (bad.length > 0) what.push(`Cannot be used: ${bad.map(({ provider }) => provider).join(", ")}`);
            return what.join(". ");
        },
    }));
    byId("all-actions").append(...["connect", "disconnect", "health"].map((command) => {
        const text = { connect: "Connect all", disconnect: "Disconnect all", health: "Check all" }[command];
        return actionButton(text, {
            run: async () => {
                const { replies } = await post(`/admin/v1/commands/${command}`);
                live.refresh();
                const counts = Map.groupBy?.(replies, (reply) => reply.kind) ?? new Map([["answers", replies]]);
                return `${text}: ${[...counts].map(([kind, all]) => `${all.length} ${words(kind)}`).join(", ")}`;
            },
        });
    }));
}

setUpTheme();
setUpAccess();
setUpKeyDialog();
const live = new Live();
showOverview(live);
showLink(live);
setUpReload(live);
showProviders(live);
new Plots(live);
showRequests(live);
new EventLog(live);
showPrompt(live);
showRoutes(live);
showTraces(live);
access.takeFromAddress();
addEventListener("hashchange", () => access.takeFromAddress());
live.start();
