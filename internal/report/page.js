"use strict";
(() => {
  const root = document.documentElement;
  addEventListener("error", (e) => { root.dataset.error = e.message; });

  const data = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("timeline");
  const tip = document.getElementById("tip");
  const colors = ["other", "ok", "exited", "signaled", "timed", "memory"];
  const axis = 22, margin = 44;

  // Jobs of one worker that overlap get lanes of their own. A start is exact to the millisecond, and a little late on a
  // busy machine.
  const lanesMax = 8;
  const byWorker = data.workers.map(() => []);
  for (const bar of data.bars) byWorker[bar.w].push(bar);
  const first = []; // lane of each worker
  let lanes = 0;
  byWorker.forEach((bars, worker) => {
    first[worker] = lanes;
    const ends = [];
    bars.sort((a, b) => a.t - b.t);
    for (const bar of bars) {
      let lane = ends.findIndex((end) => end <= bar.t + Math.max(0.003, bar.d / 2));
      if (lane < 0) lane = Math.min(ends.length, lanesMax - 1);
      ends[lane] = bar.t + bar.d;
      bar.lane = lanes + lane;
    }
    lanes += Math.max(1, ends.length);
  });
  const laneHeight = Math.max(2, Math.min(18, Math.floor(1200 / Math.max(1, lanes))));
  canvas.style.height = lanes * laneHeight + axis + "px";

  // The part that is shown, in seconds.
  const view = { from: 0, span: data.span || 1 };
  let marked = null;
  let drawn = 0;

  const width = () => canvas.clientWidth - margin;
  const toX = (t) => margin + ((t - view.from) / view.span) * width();
  const toTime = (x) => view.from + ((x - margin) / width()) * view.span;

  function duration(s) {
    if (s < 0.001) return Math.round(s * 1e6) + " µs";
    if (s < 1) return Number((s * 1000).toPrecision(3)) + " ms";
    if (s < 100) return Number(s.toPrecision(3)) + " s";
    const all = Math.round(s), h = Math.floor(all / 3600), m = Math.floor(all / 60) % 60;
    return (h ? h + "h" : "") + m + "m" + (all % 60) + "s";
  }

  function draw() {
    const scale = window.devicePixelRatio || 1;
    const height = lanes * laneHeight + axis;
    canvas.width = Math.round(canvas.clientWidth * scale);
    canvas.height = Math.round(height * scale);
    const c = canvas.getContext("2d");
    c.scale(scale, scale);
    const style = getComputedStyle(root);
    const color = colors.map((name) => style.getPropertyValue("--" + name));
    const gap = laneHeight > 4 ? 1 : 0;
    c.font = "11px system-ui, sans-serif";
    c.fillStyle = style.getPropertyValue("--quiet");
    c.textBaseline = "middle";
    let lastLabel = -Infinity;
    data.workers.forEach((name, worker) => {
      const y = (first[worker] + 0.5) * laneHeight;
      if (y - lastLabel < 12) return;
      lastLabel = y;
      c.fillText(name, 4, y, margin - 8);
    });
    ticks(c, style, height);
    c.save();
    c.beginPath();
    c.rect(margin, 0, width(), height);
    c.clip();
    drawn = 0;
    for (const bar of data.bars) {
      const x = toX(bar.t), w = Math.max(1, toX(bar.t + bar.d) - x - (gap && 0.5));
      if (x > canvas.clientWidth || x + w < margin) continue;
      c.fillStyle = color[bar.e] || color[0];
      c.fillRect(x, bar.lane * laneHeight, w, laneHeight - gap);
      drawn++;
      if (bar === marked) {
        c.strokeStyle = style.getPropertyValue("--text");
        c.lineWidth = 2;
        c.strokeRect(x - 1, bar.lane * laneHeight - 1, w + 2, laneHeight + 1);
      }
    }
    c.strokeStyle = style.getPropertyValue("--quiet");
    c.lineWidth = 1;
    for (const t of data.runs.slice(1)) {
      c.beginPath();
      c.moveTo(toX(t), 0);
      c.lineTo(toX(t), height);
      c.stroke();
    }
    c.restore();
    root.dataset.drawn = drawn;
  }

  function ticks(c, style, height) {
    const wanted = view.span / Math.max(1, width() / 110);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
    for (let n = Math.ceil(view.from / step); n * step <= view.from + view.span; n++) {
      const x = toX(n * step);
      c.fillStyle = style.getPropertyValue("--line");
      c.fillRect(x, 0, 1, height - axis + 4);
      c.fillStyle = style.getPropertyValue("--quiet");
      c.fillText(n === 0 ? "0" : duration(n * step), x + 3, height - axis / 2);
    }
  }

  function look(from, span) {
    view.span = Math.max(1e-5, Math.min(span, data.span || 1));
    view.from = Math.max(0, Math.min(from, (data.span || 1) - view.span));
    requestAnimationFrame(draw);
  }

  function zoom(factor, at) {
    const span = Math.max(1e-5, Math.min(view.span * factor, data.span || 1));
    look(at - ((at - view.from) * span) / view.span, span);
  }

  // The bar at a point, or the nearest one in its lane within 3 pixels.
  function hit(x, y) {
    const lane = Math.floor(y / laneHeight);
    let best = null, distance = 3;
    for (const bar of data.bars) {
      if (bar.lane !== lane) continue;
      const from = toX(bar.t), to = toX(bar.t + bar.d);
      const d = x < from ? from - x : x > to ? x - to : 0;
      if (d < distance || d === 0) {
        best = bar;
        distance = d;
      }
    }
    return best;
  }

  function describe(bar) {
    const worker = "worker " + data.workers[bar.w];
    if (bar.k > 1) return bar.k + " jobs from job " + bar.n + ", " + (bar.f || 0) + " failed\n" + worker + ", within " + duration(bar.d);
    return "job " + bar.n + ": " + (data.outcomes[bar.e] || data.outcomes[0]) + ", " + duration(bar.d) + "\n" + worker + (bar.l === undefined ? "" : "\n" + bar.l);
  }

  function showTip(bar, x, y) {
    tip.hidden = !bar;
    if (!bar) return;
    tip.textContent = describe(bar);
    tip.style.left = Math.min(x + 12, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(y + 14, innerHeight - tip.offsetHeight - 8) + "px";
  }

  let dragged = null;
  canvas.addEventListener("pointerdown", (e) => {
    dragged = { x: e.offsetX, from: view.from };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("pointermove", (e) => {
    if (dragged) look(dragged.from - ((e.offsetX - dragged.x) / width()) * view.span, view.span);
    showTip(dragged ? null : hit(e.offsetX, e.offsetY), e.clientX, e.clientY);
  });
  canvas.addEventListener("pointerleave", () => showTip(null));
  canvas.addEventListener("dblclick", () => look(0, data.span));
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    zoom(e.deltaY > 0 ? 1.25 : 0.8, toTime(e.offsetX));
  }, { passive: false });
  canvas.addEventListener("keydown", (e) => {
    const middle = view.from + view.span / 2;
    if (e.key === "+") zoom(0.8, middle);
    else if (e.key === "-") zoom(1.25, middle);
    else if (e.key === "0") look(0, data.span);
    else if (e.key === "ArrowLeft") look(view.from - view.span / 10, view.span);
    else if (e.key === "ArrowRight") look(view.from + view.span / 10, view.span);
    else return;
    e.preventDefault();
  });

  // The address selects what is shown: #q=words searches, #job=17 marks the job in the timeline.
  const search = document.getElementById("search");
  const rows = [...document.querySelectorAll("#failures tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      if (!row.hidden) shown++;
    });
    document.getElementById("shown").textContent = shown === rows.length ? shown + " shown" : shown + " of " + rows.length + " shown";
    root.dataset.shown = shown;
  }

  function follow() {
    const hash = new URLSearchParams(location.hash.slice(1));
    if (search && hash.has("q") && search.value !== hash.get("q")) search.value = hash.get("q");
    if (search) filter();
    const seq = Number(hash.get("job"));
    marked = data.bars.findLast((bar) => (bar.k > 1 ? bar.n <= seq && seq < bar.n + bar.k : bar.n === seq)) || null;
    if (marked) {
      if (marked.t < view.from || marked.t + marked.d > view.from + view.span) look(0, data.span);
      canvas.scrollIntoView({ block: "nearest" });
      const box = canvas.getBoundingClientRect();
      showTip(marked, box.left + toX(marked.t), box.top + (marked.lane + 1) * laneHeight);
    }
    draw();
  }

  if (search) {
    search.addEventListener("input", () => {
      history.replaceState(null, "", search.value ? "#q=" + encodeURIComponent(search.value) : location.pathname + location.search);
      filter();
    });
  }
  addEventListener("hashchange", follow);
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  follow();
  root.dataset.bars = data.bars.length;
  root.dataset.lanes = lanes;
  root.dataset.ready = "yes";
})();
