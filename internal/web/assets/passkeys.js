// Asks the browser's devices for passkeys, and sends what they answer with the form that asked. Each such form names in
// data-begin where the question is had. Without this script, or without passkeys in the browser, they stay hidden.
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = list => (list || []).map(k => ({...k, id: bytes(k.id)}));

  // read makes of a question in JSON what the browser asks for.
  const read = ({publicKey: q}) => {
    q.challenge = bytes(q.challenge);
    if (q.user) {
      q.user.id = bytes(q.user.id);
      q.excludeCredentials = known(q.excludeCredentials);
    } else {
      q.allowCredentials = known(q.allowCredentials);
    }
    return q;
  };

  // written makes of an answer what the server reads.
  const written = a => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (a.response[part]) response[part] = text(a.response[part]);
    }
    if (a.response.getTransports) response.transports = a.response.getTransports();
    return JSON.stringify({id: a.id, rawId: text(a.rawId), type: a.type, authenticatorAttachment: a.authenticatorAttachment || undefined,
      clientExtensionResults: a.getClientExtensionResults(), response});
  };

  const ask = async form => {
    const reply = await fetch(form.dataset.begin, {method: "POST", body: new URLSearchParams(new FormData(form))});
    if (reply.redirected) { // who is there must be shown first
      location.assign(reply.url);
      return;
    }
    if (!reply.ok) throw new Error(reply.status);
    const question = read(await reply.json());
    const answer = question.user ? await navigator.credentials.create({publicKey: question}) : await navigator.credentials.get({publicKey: question});
    form.elements.answer.value = written(answer);
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-begin]")) {
    const failed = form.querySelector("[data-failed]");
    const begin = async button => {
      if (failed) failed.hidden = true;
      button.disabled = true;
      try {
        await ask(form);
      } catch {
        if (failed) failed.hidden = false;
      }
      button.disabled = false;
    };
    const beside = form.querySelector("[data-passkey]");
    if (beside) { // the form has a button of its own, for a password
      beside.hidden = false;
      beside.addEventListener("click", () => form.elements.name.reportValidity() && begin(beside));
    } else if (form.hidden) {
      form.hidden = false;
      form.addEventListener("submit", event => {
        event.preventDefault();
        begin(form.querySelector("button"));
      });
    }
  }
})();
