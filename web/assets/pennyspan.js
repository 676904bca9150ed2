// Improves pages that are complete without it: refresh without flashing, keys, crosshair, drag to zoom, copied links.
"use strict";
(() => {
  const body = document.body;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const busy = () => Boolean($("#main details.nums[open]:hover, :popover-open, .pick[open]")) || Boolean(document.getSelection()?.toString());

  // ---- refresh: fetch this page again and replace only the blocks that changed ----
  let running = false;
  async function refresh() {
    if (running || document.hidden) return;
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      body.classList.remove("is-stale");
    } catch {
      body.classList.add("is-stale");
    } finally {
      running = false;
    }
  }
  function swap(next) {
    const [from, to] = [$("#main"), $("#main", next)];
    if (!from || !to) return;
    const [old, fresh] = [[...from.children], [...to.children]];
    const open = new Set($$("details[open][id]").map((d) => d.id));
    const focus = document.activeElement?.closest("[id]")?.id;
    const y = scrollY;
    if (old.length === fresh.length) {
      old.forEach((block, i) => {
        const plain = block.cloneNode(true);
        $$("details[open]", plain).forEach((d) => d.removeAttribute("open"));
        $$(".is-row", plain).forEach((r) => r.classList.remove("is-row"));
        $$("[class='']", plain).forEach((r) => r.removeAttribute("class"));
        $$(".cross", plain).forEach((c) => c.remove());
        if (plain.outerHTML !== fresh[i].outerHTML) block.replaceWith(document.adoptNode(fresh[i]));
      });
    } else {
      from.replaceChildren(...fresh.map((block) => document.adoptNode(block)));
    }
    for (const id of ["fresh", "read"]) {
      const [a, b] = [document.getElementById(id), next.getElementById(id)];
      if (a && b && a.innerHTML !== b.innerHTML) a.replaceWith(document.adoptNode(b));
    }
    document.title = next.title;
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focus && !document.activeElement?.closest(`#${CSS.escape(focus)}`)) document.getElementById(focus)?.focus({ preventScroll: true });
    scrollTo({ top: y, behavior: "instant" });
  }
  const seconds = Number(body.dataset.refresh);
  if (seconds > 0) {
    setInterval(() => { if (!busy()) refresh(); }, seconds * 1000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  }

  // ---- range: a time in the address of this page ----
  const go = (from, to) => {
    const url = new URL(location.href);
    url.searchParams.set("from", from);
    url.searchParams.set("to", to);
    location.assign(url);
  };
  const iso = (nano) => `${new Date(Math.round(nano / 1e6)).toISOString()}`;

  // ---- charts: a line under the pointer, and dragging to zoom ----
  const SVG = "http://www.w3.org/2000/svg";
  const shape = (name, attributes) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  let drag = null;
  const share = (svg, event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  document.addEventListener("pointermove", (event) => {
    const svg = drag?.svg ?? event.target.closest?.("svg.draw");
    $$(".cross").forEach((c) => c.remove());
    if (!svg) return;
    const at = share(svg, event);
    if (drag && Math.abs(at - drag.at) > 0.01) {
      drag.moved = true;
      const left = Math.min(at, drag.at);
      svg.append(shape("rect", { class: "cross drag", x: `${left * 100}%`, width: `${Math.abs(at - drag.at) * 100}%`, y: "0", height: "100%" }));
    } else {
      svg.append(shape("line", { class: "cross", x1: `${at * 100}%`, x2: `${at * 100}%`, y1: "22", y2: String(svg.height.baseVal.value - 22) }));
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest?.("svg.draw[data-from]");
    if (svg && event.button === 0 && event.pointerType === "mouse") drag = { svg, at: share(svg, event), moved: false };
  });
  document.addEventListener("pointerup", (event) => {
    if (drag?.moved) {
      const [from, to] = [Number(drag.svg.dataset.from), Number(drag.svg.dataset.to)];
      const ends = [drag.at, share(drag.svg, event)].sort((a, b) => a - b).map((at) => from + at * (to - from));
      if (ends[1] - ends[0] >= 1e9) go(iso(ends[0]), iso(ends[1]));
      addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
      setTimeout(() => document.body.dispatchEvent(new Event("click")), 0);
    }
    drag = null;
  });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("svg.draw")) event.preventDefault(); });

  // ---- links that are copied instead of followed ----
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-copy]");
    if (!link || event.ctrlKey || event.metaKey || !navigator.clipboard) return;
    event.preventDefault();
    const words = link.textContent;
    try {
      await navigator.clipboard.writeText(link.href);
      link.textContent = "copied";
      setTimeout(() => { link.textContent = words; }, 1500);
    } catch {
      location.assign(link.href);
    }
  });

  // ---- keys ----
  const stored = () => { try { return localStorage.getItem("pennyspan.keys") !== "off"; } catch { return true; } };
  const toggle = $("#keys-on");
  if (toggle) {
    toggle.checked = stored();
    toggle.addEventListener("change", () => { try { localStorage.setItem("pennyspan.keys", toggle.checked ? "on" : "off"); } catch { /* kept for this page only */ } });
  }
  const pages = { h: 0, f: 1, i: 2, s: 3 };
  let pending = 0;
  function row(step) {
    const rows = $$("[data-row]").filter((r) => r.offsetParent);
    if (!rows.length) return;
    const at = rows.findIndex((r) => r.classList.contains("is-row"));
    rows[at]?.classList.remove("is-row");
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    next.classList.add("is-row");
    $("a", next)?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  const keys = {
    "?": () => $("#keys")?.togglePopover(),
    "/": () => $("#q")?.focus(),
    t: () => { const range = $("#range"); range.open = true; $("input[name=from]", range)?.focus(); },
    r: refresh,
    j: () => row(1),
    k: () => row(-1),
    g: () => { pending = Date.now(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(toggle?.checked ?? true)) return;
    if (event.target.closest?.("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (Date.now() - pending < 1500 && event.key in pages) {
      pending = 0;
      $$(".nav li a")[pages[event.key]]?.click();
      return;
    }
    const link = $(`a[data-key="${CSS.escape(event.key)}"]`);
    if (link) link.click();
    else if (event.key in keys) { event.preventDefault(); keys[event.key](); }
  });
})();
