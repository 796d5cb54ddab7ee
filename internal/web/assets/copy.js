// Copies the text beside a button. Without this script the button stays hidden, and the text is copied by hand.
"use strict";
(() => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const field = button.closest(".copy").querySelector("textarea, input");
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "soft";
    button.after(" ", said);
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        said.textContent = button.dataset.copy;
      } catch {
        said.textContent = "";
      }
    });
  }
})();
