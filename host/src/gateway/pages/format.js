// Numbers and times as people read them.

const NONE = "–";

export function integer(value) {
    return Number(value ?? 0).toLocaleString("en-US");
}

/** Three significant digits at most: "870 µs", "41.2 ms", "1.24 s", "3 min 5 s". */
export function microseconds(us) {
    if (us == null || !Number.isFinite(us)) return NONE;
    if (us < 1000) return `${Math.round(us)} µs`;
    if (us < 1e6) return `${digits(us / 1e3)} ms`;
    if (us < 60e6) return `${digits(us / 1e6)} s`;
    return span(us / 1e3);
}

function digits(value) {
    return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

/** "12 s", "3 min 5 s", "2 h 4 min", "6 d 3 h". */
export function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function age(ms) {
    return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : span(ms);
}

/** Never "100 %" for something that has failed, nor "0 %" for something that has not. */
export function percent(share) {
    if (share == null || !Number.isFinite(share)) return NONE;
    const value = share * 100;
    if (value > 0 && value < 0.1) return "< 0.1 %";
    if (value > 99.9 && value < 100) return "> 99.9 %";
    return `${value % 1 === 0 ? value : value.toFixed(1)} %`;
}

export function bytes(count) {
    if (count < 1000) return `${count} B`;
    if (count < 1e6) return `${digits(count / 1e3)} kB`;
    return `${digits(count / 1e6)} MB`;
}

/** "half_open" -> "half-open". */
export function words(name) {
    return String(name ?? "").replaceAll("_", name === "half_open" ? "-" : " ");
}

export function clock(time) {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? NONE : date.toLocaleTimeString("en-GB");
}

export function moment(time) {
    if (!time) return NONE;
    const date = new Date(time);
    const today = date.toDateString() === new Date().toDateString();
    return today ? clock(date) : `${date.toLocaleDateString("en-CA")} ${clock(date)}`;
}
