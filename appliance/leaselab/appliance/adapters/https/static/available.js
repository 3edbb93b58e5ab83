// Keeps "Available" right while a client's counts are typed; without it the button "Recalculate available" does.
"use strict";
const field = (name) => document.getElementsByName(name)[0];
const refresh = () => {
  const family = field("platform").selectedOptions[0].dataset.family;
  for (const output of document.querySelectorAll("output[data-available]")) {
    const available = JSON.parse(output.dataset.available)[`${family}/${field("product").value}`];
    const reserved = Number.parseInt(field(`${output.dataset.feature}.reserved`).value, 10) || 0;
    output.value = Math.max(0, available - reserved);
  }
};
document.querySelector("main form").addEventListener("input", refresh);
