// SPDX-License-Identifier: MIT
// Put into a page by its test: opens everything that can be opened, measures, and tells the frame around it.
const errors = [];
addEventListener("error", event => errors.push(String(event.message || event.target)), true);

function channels(colour) {
  return (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
}

function luminance(colour) {
  const [r, g, b] = channels(colour).map(value => value / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function background(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor, alpha = channels(colour)[3];
    if (alpha === undefined || alpha > 0.99) return colour;
  }
  return "rgb(255, 255, 255)";
}

// WCAG 2, 1.4.3: contrast of a text with what is behind it.
function contrast(element) {
  const style = getComputedStyle(element), text = element instanceof SVGElement ? style.fill : style.color;
  const [light, dark] = [luminance(text), luminance(background(element))].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

addEventListener("load", () => {
  document.querySelectorAll("details").forEach(details => { details.open = true; });
  const pictures = [...document.querySelectorAll("svg")].map(svg => svg.getBoundingClientRect());
  const texts = [...document.querySelectorAll("p, a, li, h1, h2, h3, h4, figcaption, summary, th, td, code, svg text")];
  parent.postMessage({
    width: innerWidth,
    overflow: document.scrollingElement.scrollWidth - innerWidth,
    pictures: pictures.length,
    empty: pictures.filter(box => box.width < 50 || box.height < 20).length,
    unnamed: [...document.querySelectorAll("svg")].filter(svg => !svg.querySelector("title")?.textContent || !svg.querySelector("desc")?.textContent).length,
    tables: document.querySelectorAll("table").length,
    uncaptioned: [...document.querySelectorAll("table")].filter(table => !table.caption).length,
    deadLinks: [...document.querySelectorAll("a")].filter(a => !document.getElementById(a.getAttribute("href").slice(1))).length,
    requests: performance.getEntriesByType("resource").map(entry => entry.name),
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    background: getComputedStyle(document.body).backgroundColor,
    contrast: Math.min(...texts.map(contrast)),
    errors,
  }, "*");
});
