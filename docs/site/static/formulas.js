// SPDX-License-Identifier: Apache-2.0
document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll(".math")) {
    katex.render(place.textContent, place, {
      displayMode: place.tagName === "DIV",
      throwOnError: false,
    });
  }
});
