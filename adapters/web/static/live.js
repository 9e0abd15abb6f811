// Makes the pages live. Without this file everything still works: each link and each button loads the page anew.
//
// Elements with data-region are replaced part by part: a part has an id and a data-mark, which changes when anything on
// it does. A part in which somebody is pointing, typing or pressing is left alone until they pause. What was typed, what
// is open and where the focus is are carried over.
"use strict";

(() => {
  const body = document.body;
  const words = JSON.parse(body.dataset.words || "{}");
  const PAUSE_MS = 3000;
  const HELD_AT_MOST_MS = 15000;
  const SILENCE_MS = 40000;
  const FIRST_PAUSE_MS = 3000;
  const LONGEST_PAUSE_MS = 60000;
  const HARD = "\u00a0";

  // ---------- the clock, and the figures that count ----------
  let base = Date.parse(body.dataset.now);
  let read = performance.now();
  let shownClock = body.dataset.clock;
  const now = () => base + (performance.now() - read) * Number(body.dataset.speed || 1);

  const span = (seconds, exact) => {
    const h = Math.floor(seconds / 3600), m = Math.floor(seconds / 60) % 60, s = seconds % 60;
    const parts = h ? [[h, "h"], [m, "min"]] : m ? [[m, "min"], [exact ? s : 0, "s"]] : [[s, "s"]];
    return parts.filter(([n], i) => n || i === 0).map(([n, unit]) => n + HARD + unit).join(HARD);
  };
  const put = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

  const count = () => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((now() - Date.parse(time.dataset.since)) / 1000));
      const [word, css] = seconds >= 600 ? ["very_long", "is-very-long"] : seconds >= 180 ? ["long", "is-long"]
        : [seconds >= 60 ? "waiting" : "just_arrived", ""];
      put(time, span(seconds, false));
      const block = time.closest(".wait");
      put(block.querySelector(".word"), words[word]);
      const wanted = css ? "wait " + css : "wait";
      if (block.className !== wanted) block.className = wanted;
    }
    for (const left of document.querySelectorAll("[data-due]")) {
      const seconds = Math.floor((Date.parse(left.dataset.due) - now()) / 1000);
      put(left, (seconds < 0 ? words.late : words.left).replace("{text}", span(Math.abs(seconds), true)));
      const bar = left.parentElement.querySelector("progress");
      if (bar) bar.value = Math.min(bar.max, Math.max(0, bar.max - seconds));
    }
  };

  // ---------- who is pointing or typing where ----------
  let moved = -Infinity, pressed = -Infinity, pointed = null, heldSince = null;
  document.addEventListener("pointermove", (e) => { moved = performance.now(); pointed = e.target; }, { passive: true });
  document.addEventListener("pointerdown", (e) => { moved = performance.now(); pointed = e.target; }, { passive: true });
  document.addEventListener("keydown", () => { pressed = performance.now(); });
  const held = (part) =>
    (performance.now() - moved < PAUSE_MS && part.contains(pointed)) ||
    (performance.now() - pressed < PAUSE_MS && part.contains(document.activeElement));

  // ---------- replacing ----------
  const sameControl = (control, place) => {
    if (control.matches("summary")) return place.querySelector("details.more > summary");
    const value = control.matches("button, [type=radio], [type=hidden]") ? `[value="${CSS.escape(control.value)}"]` : "";
    return control.id ? place.querySelector("#" + CSS.escape(control.id))
      : control.name ? place.querySelector(`[name="${CSS.escape(control.name)}"]${value}`)
      : control.href ? place.querySelector(`a[href="${CSS.escape(control.getAttribute("href"))}"]`) : null;
  };
  const carryOver = (from, to) => {
    for (const control of from.querySelectorAll("input:not([type=hidden]), textarea, select")) {
      const twin = sameControl(control, to);
      if (!twin) continue;
      if (control.matches("[type=radio], [type=checkbox]")) {
        if (control.checked !== control.defaultChecked) twin.checked = control.checked;
      } else if (control.matches("select")) {
        if ([...control.options].some((o) => o.selected !== o.defaultSelected)) twin.value = control.value;
      } else if (control.value !== control.defaultValue) twin.value = control.value;
    }
    const folds = to.querySelectorAll("details");
    from.querySelectorAll("details").forEach((fold, i) => { if (folds[i]) folds[i].open = fold.open; });
    const talk = from.querySelector("[role=log]"), newTalk = to.querySelector("[role=log]");
    if (!talk || !newTalk || newTalk.children.length) return;
    newTalk.replaceWith(talk.cloneNode(true));
    // the same answers again stay below what was typed, as long as each of them still applies
    const answers = from.querySelector(".talk-again");
    const applies = (button) => to.querySelector(`.choices [value="${CSS.escape(button.value)}"]`);
    if (answers && [...answers.querySelectorAll("button")].every(applies)) {
      to.querySelector(".talk-send").before(answers.cloneNode(true));
    }
  };
  const keepingFocus = (change) => {
    const focus = document.activeElement;
    const caret = focus && "selectionStart" in focus ? [focus.selectionStart, focus.selectionEnd] : null;
    change();
    if (!focus || focus === body || document.activeElement === focus) return;
    const part = focus.closest("[data-mark]");
    const place = part ? document.getElementById(part.id) : document;
    const again = focus.isConnected ? focus : place && sameControl(focus, place);
    if (!again) return;
    again.focus({ preventScroll: true });
    if (caret && caret[0] !== null && again.setSelectionRange) again.setSelectionRange(...caret);
  };
  const parts = (region) => [...region.querySelectorAll("[data-mark]")];
  const order = (region) => parts(region).map((part) => part.id).join(" ");

  // Give whether something had to wait because somebody is busy there.
  const renew = (region, fresh) => {
    const told = [];
    let waits = false;
    const old = new Map(parts(region).map((part) => [part.id, part]));
    // what comes above everything else pushes it down: not while somebody is about to press there
    const busy = "pushes" in region.dataset ? held(document.getElementById("main")) : [...old.values()].some(held);
    if (order(region) !== order(fresh) || (!old.size && region.innerHTML !== fresh.innerHTML)) {
      if (busy && performance.now() - (heldSince ??= performance.now()) < HELD_AT_MOST_MS) waits = true;
    }
    const inPlace = waits || order(region) === order(fresh);
    for (const part of parts(fresh)) {
      const was = old.get(part.id);
      if (!was && !waits && part.dataset.status) told.push(part.dataset.status);
      if (!was || was.dataset.mark === part.dataset.mark) {
        if (was && !inPlace) part.replaceWith(was);
        continue;
      }
      if (held(was) && performance.now() - (heldSince ??= performance.now()) < HELD_AT_MOST_MS) {
        waits = true;
        if (!inPlace) part.replaceWith(was);
        continue;
      }
      if (was.dataset.status !== part.dataset.status) told.push(part.dataset.status);
      carryOver(was, part);
      if (inPlace) was.replaceWith(part);
    }
    if (!inPlace) region.replaceChildren(...fresh.childNodes);
    else if (!waits) {
      const heads = fresh.querySelectorAll(".count");
      region.querySelectorAll(".count").forEach((head, i) => put(head, heads[i]?.textContent ?? head.textContent));
    }
    region.hidden = fresh.hidden;
    return [waits, told];
  };

  const apply = (page, byItself = false) => {
    let waits = false;
    const told = [];
    keepingFocus(() => {
      for (const region of document.querySelectorAll("[data-region]")) {
        const fresh = page.getElementById(region.id);
        if (!fresh) continue;
        const [late, heard] = renew(region, fresh);
        waits ||= late;
        told.push(...heard);
      }
    });
    for (const id of ["count", "clock"]) {
      const part = document.getElementById(id), fresh = page.getElementById(id);
      if (part && fresh && part.innerHTML !== fresh.innerHTML) part.innerHTML = fresh.innerHTML;
    }
    // whoever has signed in anew meanwhile has new proof of it, for parts that stay as well
    const proof = page.querySelector("[name=proof]");
    if (proof) document.querySelectorAll("[name=proof]").forEach((old) => { old.value = proof.value; });
    if (!waits) { heldSince = null; body.className = page.body.className; }
    document.title = page.title;
    base = Date.parse(page.body.dataset.now);
    read = performance.now();
    shownClock = page.body.dataset.clock;
    if (told.length) put(document.getElementById("status"), told.slice(0, 3).join(" "));
    // what was said to the last press may no longer be so
    if (told.length && byItself && performance.now() - saidAt > SAID_STAYS_MS) document.getElementById("said")?.replaceChildren();
    count();
    if (waits) again(1000);
  };

  // ---------- asking ----------
  let timer = 0, asking = false, askAgain = false;
  let saidAt = 0;
  const SAID_STAYS_MS = 5000;
  let acts = 0; // presses and forms opened: a page that was asked for before the last of them is out of date
  const again = (ms) => { clearTimeout(timer); timer = setTimeout(look, ms); };
  const parse = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
  const look = async () => {
    if (asking) { askAgain = true; return; }
    asking = true;
    try {
      const here = new URL(location.href);
      here.searchParams.delete("said");
      const before = acts;
      const response = await fetch(here, { headers: { Accept: "text/html" } });
      if (response.status === 403) { leave(); return; }
      const page = await parse(response);
      if (before !== acts) askAgain = true;
      else if (response.ok) apply(page, true);
    } catch { notLive(); }
    asking = false;
    if (askAgain) { askAgain = false; again(50); }
  };

  // ---------- the stream ----------
  const live = document.getElementById("live");
  let off = false;
  const onLine = () => {
    listenIn(SILENCE_MS);
    pause = FIRST_PAUSE_MS;
    if (!live || (!off && !live.classList.contains("is-still"))) return;
    if (off) again(0);
    off = false;
    live.className = "live";
    live.textContent = words.live;
  };
  const notLive = () => {
    if (!live || off) return;
    off = true;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = words.not_live.replace("{time}", shownClock);
    live.className = "live is-off";
    live.replaceChildren(link);
  };
  // One timer says when to listen anew: after a silence, or after a refusal, with a pause that grows while it lasts.
  let stream = null, anew = 0, pause = FIRST_PAUSE_MS;
  const listenIn = (ms) => { clearTimeout(anew); anew = setTimeout(() => { notLive(); listen(); }, ms); };
  // Whoever may not look any more shall not go on seeing who waits: the server's kind page takes the place of this one.
  const leave = () => {
    clearTimeout(anew);
    stream?.close();
    location.reload();
  };
  const listen = () => {
    stream?.close();
    stream = new EventSource(body.dataset.events);
    listenIn(SILENCE_MS);
    stream.onopen = onLine;
    stream.addEventListener("hello", () => { onLine(); again(0); });
    stream.addEventListener("beat", onLine);
    stream.addEventListener("changed", () => { onLine(); again(50); });
    stream.addEventListener("clock", () => { onLine(); again(50); });
    stream.addEventListener("nudge", (e) => { onLine(); put(document.getElementById("status"), JSON.parse(e.data).say); again(50); });
    stream.onerror = () => {
      const isRefused = stream.readyState === EventSource.CLOSED; // a browser tries a lost one again by itself
      if (isRefused || !off) again(0); // why, the page itself is told
      notLive();
      if (!isRefused) return;
      listenIn(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    };
  };

  // ---------- pressing without losing what is typed elsewhere ----------
  const settle = (page, form, url) => {
    acts += 1;
    saidAt = performance.now();
    const arrival = form.closest("#arrival") && document.getElementById("arrival");
    const fresh = page.getElementById("arrival");
    if (arrival && fresh) {
      arrival.replaceWith(fresh);
      fresh.querySelector("[aria-invalid], [autofocus], #visitor")?.focus();
    } else {
      const said = document.getElementById("said"), answer = page.getElementById("said");
      if (said && answer) { said.className = answer.className; said.replaceChildren(...answer.childNodes); }
    }
    document.querySelectorAll("details.more[open]").forEach((menu) => { menu.open = false; }); // it would cover what comes
    moved = pressed = -Infinity; // whoever has pressed waits for just this change
    const inTalk = form.closest("#talk");
    if (inTalk) form.reset(); // what is still to be said stands in the new box, if anything does
    apply(page);
    if (inTalk) {
      const newTalk = page.getElementById("talk"); // it is no longer there when the whole card was renewed
      if (newTalk) document.getElementById("talk")?.replaceWith(newTalk);
      document.getElementById("reply")?.focus();
    }
    history.replaceState(null, "", url);
  };
  // A plain page says why nothing has happened; what was typed stays where it is.
  const tellPlainly = (page) => {
    const said = document.getElementById("said"), text = document.createElement("span");
    text.textContent = [...page.querySelectorAll("main h1, main .soft")].map((part) => part.textContent).join(" ");
    said.className = "said is-refused";
    said.replaceChildren(text);
    said.scrollIntoView({ block: "nearest" });
  };
  const post = async (form, button) => {
    const data = new URLSearchParams(new FormData(form, button));
    const action = button?.getAttribute("formaction") || form.getAttribute("action");
    const response = await fetch(action, { method: "POST", body: data });
    const there = new URL(response.url);
    const page = await parse(response);
    if (!page.body.dataset.now) { tellPlainly(page); return; }
    there.searchParams.delete("said");
    settle(page, form, response.redirected ? there : location.href);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post" || form.closest(".demo") || form.matches("[data-whole]")) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    post(form, button)
      .catch(() => { notLive(); })
      .finally(() => { delete form.dataset.busy; });
  });
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const url = new URL(link.href);
    try {
      const page = await parse(await fetch(url));
      if (!page.body.dataset.now) { location.assign(url); return; } // a plain page, that has nothing to put in place
      acts += 1;
      history.replaceState(null, "", url);
      moved = pressed = -Infinity;
      link.closest("details")?.removeAttribute("open");
      apply(page);
      const there = document.getElementById(url.hash.slice(1));
      there?.querySelector(url.hash.startsWith("#form-") ? "input:not([type=hidden]), select, textarea" : "a, button")?.focus();
    } catch { location.assign(url); }
  });
  // An hour that is written means that it is the one chosen, and a slot that is chosen empties it.
  document.addEventListener("input", (event) => {
    const control = event.target, form = control.form;
    const hour = form?.querySelector("[name=free_time]");
    if (!hour) return;
    const radio = form.querySelector("[type=radio][value=free]"), list = form.querySelector("select[name=what]");
    if (control === hour && hour.value.trim()) {
      if (radio) radio.checked = true;
      else if (list) list.value = "free";
    } else if ((control.type === "radio" && control !== radio) || (control === list && list.value !== "free")) {
      hour.value = "";
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement?.closest?.("details.more[open]") || document.querySelector("details.more[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // ---------- begin ----------
  if (new URL(location.href).searchParams.has("said")) {
    const here = new URL(location.href);
    here.searchParams.delete("said");
    history.replaceState(null, "", here);
  }
  setInterval(count, 1000);
  if (body.dataset.events) listen();
})();
