/* Flattery: makes <a class="flattery-button" href="https://INSTANCE/submit/auto?user_id=…"> a button. It asks nothing of
   anybody and sets no cookie; only a press opens a window of the instance. Without this file the link works as a link. */
(function () {
  "use strict";
  var look = {
    display: "inline-flex", alignItems: "center", gap: "6px", padding: "5px 11px 5px 9px", borderRadius: "6px", background: "#1b6b56", color: "#fff",
    font: "600 14px/18px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", textDecoration: "none", cursor: "pointer", whiteSpace: "nowrap"
  };

  function heart() {
    var space = "http://www.w3.org/2000/svg", s = document.createElementNS(space, "svg"), p = document.createElementNS(space, "path");
    s.setAttribute("viewBox", "7 8 18 16");
    s.setAttribute("width", "15");
    s.setAttribute("height", "14");
    s.setAttribute("aria-hidden", "true");
    p.setAttribute("d", "M16 23.6c-4.7-3.3-7.4-5.9-7.4-9a4.1 4.1 0 0 1 7.4-2.5 4.1 4.1 0 0 1 7.4 2.5c0 3.1-2.7 5.7-7.4 9z");
    p.setAttribute("fill", "currentColor");
    s.appendChild(p);
    return s;
  }

  // What the link leaves out is this page's own.
  function address(a) {
    var u = new URL(a.href), q = u.searchParams;
    if (!q.get("url")) q.set("url", location.href);
    if (!q.get("title")) q.set("title", document.title);
    return u.href;
  }

  function dress(a) {
    if (a.flattery || !/^https?:$/.test(a.protocol) || !/\/submit\/auto$/.test(a.pathname)) return;
    a.flattery = true;
    for (var name in look) a.style[name] = look[name];
    if (!a.textContent.trim()) a.textContent = "Flattr this";
    a.insertBefore(heart(), a.firstChild);
    a.addEventListener("click", function (e) {
      if (e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
      e.preventDefault();
      window.open(address(a), "_blank", "noopener,width=560,height=760");
    });
  }

  function all() {
    var list = document.querySelectorAll("a.flattery-button");
    for (var i = 0; i < list.length; i++) dress(list[i]);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
