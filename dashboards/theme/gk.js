// What must live in the browser: textures for charts, cells made of DOM nodes, rows by fetch, keys. No data is ever compiled into code.
"use strict";
window.gk = (() => {
  const css = (name) => getComputedStyle(document.body).getPropertyValue("--" + name).trim();
  const node = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const svg = (id) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    made.setAttribute("class", "glyph");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", document.querySelector("meta[name=gk-icons]").content + "#" + id);
    made.append(use);
    return made;
  };
  const GLYPH = { none: "cross", beyond: "triangle", pending: "question", permit: "tick", exempt: "dash", unseen: "eye", nothing: "ring" };
  const hatch = (kind) => {
    const canvas = document.createElement("canvas");
    const size = kind === "dots" ? 5 : 7;
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    pen.strokeStyle = pen.fillStyle = kind === "bars" ? css("none-fill") : css("hatch");
    pen.lineWidth = 1.3;
    pen.beginPath();
    if (kind === "dots") pen.fillRect(1, 1, 1.6, 1.6);
    else if (kind === "bars") { pen.moveTo(2, 0); pen.lineTo(2, size); }
    else { pen.moveTo(-1, size + 1); pen.lineTo(size + 1, -1); pen.moveTo(-1, 1); pen.lineTo(1, -1); pen.moveTo(size - 1, size + 1); pen.lineTo(size + 1, size - 1); }
    pen.stroke();
    return { image: canvas, repeat: "repeat" };
  };
  const verdict = (p) => {
    if (!p.value) return node("span", "", "");
    const tag = node("span", "tag " + p.value.code);
    tag.append(svg(GLYPH[p.value.code] || "dash"), document.createTextNode(p.value.word));
    return tag;
  };
  const level = (p) => {
    if (!p.value) return node("span", "", "");
    const made = node("span", "level l" + p.value.code);
    const bars = node("span", "bars");
    for (let i = 1; i <= 4; i++) bars.append(node("i", i <= p.value.code ? "on" : ""));
    made.append(bars, document.createTextNode(p.value.word));
    return made;
  };
  const evidence = (p) => {
    if (!p.value) return node("span", "", "");
    const made = node("span", "evidence " + p.value.code);
    made.append(node("i"), document.createTextNode(p.value.word));
    return made;
  };
  const cover = (p) => {
    if (!p.value) return node("span", "", "");
    const made = node("span", "cover"); const bar = node("span", "bar");
    for (const [name, share] of p.value.parts) { const part = node("i", name); part.style.width = share + "%"; bar.append(part); }
    made.append(bar, document.createTextNode(p.value.word));
    return made;
  };
  const two = (p) => {
    if (!p.value) return node("span", "", "");
    const made = node("span", "two"); made.title = p.value.title || p.value.main + (p.value.sub ? "\n" + p.value.sub : ""); made.append(node("span", "main", p.value.main));
    if (p.value.sub) made.append(node("span", "sub", p.value.sub));
    return made;
  };
  const link = (p) => {
    if (!p.value) return node("span", "", "");
    const made = node("a", p.value.mono ? "mono" : "", p.value.text); if (p.value.href) made.href = p.value.href;
    if (!p.value.sub) return made;
    const both = node("span", "two"); both.append(made, node("span", "sub", p.value.sub));
    return both;
  };
  const said = (p) => node("span", "", p.value ? p.value.text : "");
  const mono = (p) => node("span", "mono", p.value === undefined || p.value === null ? "" : String(p.value));
  const octets = (n) => { let unit = 0; while (n >= 999.5 && unit < 6) { n /= 1000; unit++; } return Number(n.toPrecision(3)) + " " + ["B", "kB", "MB", "GB", "TB", "PB", "EB"][unit]; };
  const rank = (a, b) => ((a && a.order) || 0) - ((b && b.order) || 0);
  // Rows by key: block n+1 asks with the key that block n ended on. What lies behind MOST is for a narrower question or a file.
  const MOST = 100000;
  const source = (address) => {
    const keys = new Map([[0, ""]]);
    return {
      getRows(p) {
        const key = keys.get(p.startRow);
        fetch(address + (address.includes("?") ? "&" : "?") + "limit=" + (p.endRow - p.startRow) + (key ? "&after=" + encodeURIComponent(key) : ""), { headers: { accept: "application/json" } })
          .then((r) => { if (!r.ok) throw new Error(String(r.status)); return r.json(); })
          .then((page) => {
            if (page.next) keys.set(p.endRow, page.next);
            p.successCallback(page.rows, page.next && p.endRow < MOST ? undefined : p.startRow + page.rows.length);
          })
          .catch(() => p.failCallback());
      },
    };
  };
  // A flow in the drawer: the page is told its number, and its row gets the focus back.
  let opened = null;
  const openFlow = (p) => {
    if (!p.data || (p.event && p.event.target.closest("a"))) return;
    opened = { api: p.api, row: p.rowIndex, column: (p.column || p.api.getAllDisplayedColumns()[0]) };
    emitEvent("gk-flow", p.data.id);
  };
  const flowKey = (p) => {
    const step = { j: 1, k: -1 }[p.event.key];
    if (p.event.key === "Enter" || p.event.key === "o") openFlow({ ...p, event: null });
    else if (step) p.api.setFocusedCell(Math.max(0, p.rowIndex + step), p.column);
  };
  const closeFlow = () => {
    emitEvent("gk-flow", "");
    if (opened) opened.api.setFocusedCell(opened.row, opened.column);
    opened = null;
  };
  // A head that is clicked is an address: the whole result is asked for anew, not the rows that are here.
  const sortFlows = (p) => {
    if (p.source !== "uiColumnSorted") return;
    const by = p.api.getColumnState().find((column) => column.sort), url = new URL(location.href);
    if (by && by.colId !== "first") url.searchParams.set("sort", by.colId); else url.searchParams.delete("sort");
    url.searchParams.delete("flow");
    location.assign(url);
  };
  // The clipboard's own interface is there over https and on this machine alone; elsewhere the old way is.
  const copyText = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const held = document.activeElement, area = node("textarea"); area.value = text; document.body.append(area); area.select();
    const done = document.execCommand("copy"); area.remove(); held.focus();
    if (!done) throw new Error("refused");
  };
  const copyLink = (button) => {
    const url = new URL(location.href);
    for (const end of ["from", "to"]) if (!url.searchParams.get(end)) url.searchParams.set(end, button.dataset[end]);
    const note = button.parentElement.querySelector("[data-copied]");
    copyText(url.href).then(() => { note.textContent = button.dataset.done; }, () => { note.textContent = button.dataset.failed; });
  };
  const focusDrawer = (left = 40) => {
    const title = document.getElementById("drawer-title");
    if (title) title.focus(); else if (left) setTimeout(focusDrawer, 50, left - 1);
  };
  document.addEventListener("click", (e) => {
    const value = e.target.closest("a[data-without]");
    if (value && e.altKey) { e.preventDefault(); location.assign(value.dataset.without); }
    if (e.target.closest("[data-close]")) closeFlow();
    if (e.target.closest("[data-copy]")) copyLink(e.target.closest("[data-copy]"));
    for (const menu of document.querySelectorAll("details.pop[open]")) if (!menu.contains(e.target) && !e.target.closest(".q-menu")) menu.open = false;
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || e.isComposing) return;
    const menu = document.querySelector("details.pop[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); } else if (document.getElementById("drawer-title")) closeFlow();
  });
  const typing = (e) => e.isComposing || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.ctrlKey || e.metaKey || e.altKey;
  const GO = { o: "/", a: "/alerts", i: "/incidents", f: "/flows", l: "/ledger", c: "/coverage", s: "/sensors" };
  let awaiting = false;
  document.addEventListener("keydown", (e) => {
    if (typing(e)) return;
    if (awaiting && GO[e.key]) { awaiting = false; location.assign(GO[e.key]); return; }
    awaiting = e.key === "g";
    if (e.key === "[") document.body.classList.toggle("slim");
    if (e.key === "/") { const bar = document.querySelector("[data-filter]"); if (bar) { e.preventDefault(); bar.focus(); } }
    const hot = document.querySelector('[data-key="' + CSS.escape(e.key) + '"]');
    if (hot) { e.preventDefault(); hot.click(); }
  });
  return { hatch, verdict, level, evidence, cover, two, link, said, mono, octets, rank, source, openFlow, flowKey, sortFlows, focusDrawer };
})();
