// SPDX-License-Identifier: Apache-2.0
// The style sheet of all pages that Tiepoint writes. One place for colours:
// light, dark, and the eight of the curves (told apart by people who do not see
// all colours: they differ in lightness too, and curves have dashes and marks).
#pragma once

namespace tiepoint {

inline constexpr char kPageStyle[] = R"css(
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --text: #1b1f27; --soft: #5d6675;
  --line: #dde1e8; --stripe: #f8f9fb; --accent: #0b62a8; --tint: #e4f0fa;
  --better: #00785a; --worse: #b8430c; --open: #79828f;
  --s0: #0068b0; --s1: #d05300; --s2: #008a63; --s3: #b0508c;
  --s4: #a97800; --s5: #2f9bd6; --s6: #6a4bb0; --s7: #454b55;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1a1e25; --text: #e6e9ee; --soft: #9aa4b2;
    --line: #303743; --stripe: #1e232b; --accent: #6bb8f5; --tint: #1d3346;
    --better: #43cfa0; --worse: #ff9a62; --open: #8b95a3;
    --s0: #5aaef2; --s1: #ff9350; --s2: #3fcb9b; --s3: #eb9ac6;
    --s4: #e8bd4c; --s5: #9ad8fa; --s6: #b7a0ee; --s7: #c3cad4;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem;
  -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
    "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
.layout { max-width: 1440px; margin: 0 auto; padding: 0 1.25rem; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em;
  margin: 2.2rem 0 0.4rem; }
h2 { font-size: 1.45rem; line-height: 1.25; letter-spacing: -0.01em;
  margin: 0 0 0.2rem; }
h3 { font-size: 1.02rem; margin: 1.9rem 0 0.55rem; }
h2 small, h3 small { font-weight: 400; color: var(--soft); font-size: 0.875rem;
  letter-spacing: 0; margin-left: 0.35rem; white-space: nowrap; }
p { margin: 0.4rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.soft { color: var(--soft); font-size: 0.875rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas,
  "DejaVu Sans Mono", monospace; font-size: 0.84rem; }
pre { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 0.65rem 0.85rem; margin: 0.8rem 0 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre.listing { white-space: pre; overflow-x: auto; }
.facts { display: flex; flex-wrap: wrap; gap: 0.15rem 1.5rem; margin: 0;
  font-size: 0.9rem; }
.facts div { display: flex; gap: 0.4rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li > ul { display: none; }
nav .here { color: var(--soft); font-size: 0.75rem; letter-spacing: 0.06em;
  text-transform: uppercase; margin: 0 0 0.35rem; }
nav { margin: 1.2rem 0 0; }
nav > ul { display: flex; gap: 0.45rem; overflow-x: auto; padding-bottom: 4px; }
nav > ul > li > a { display: block; white-space: nowrap; font-size: 0.9rem;
  padding: 0.2rem 0.75rem; border: 1px solid var(--line); border-radius: 99px;
  background: var(--card); }
section { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 1.4rem 1.5rem 1.6rem; margin: 1.4rem 0; }
.cards { display: grid; gap: 1rem; margin: 1.3rem 0 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 0.9rem 1.1rem 1rem; }
.card h3 { margin: 0; font-size: 1rem; }
.card .soft { margin: 0 0 0.6rem; font-size: 0.8rem; }
.cards.numbers { grid-template-columns: repeat(auto-fit,
  minmax(min(100%, 200px), 1fr)); }
.number { font-size: 1.6rem; line-height: 1.3; margin: 0;
  font-variant-numeric: tabular-nums; }
h2 + .scroll { margin-top: 0.8rem; }
.bar { display: grid; grid-template-columns: 8.5rem 1fr auto; gap: 0 0.6rem;
  align-items: center; font-size: 0.84rem; line-height: 1.7; }
.bar .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar .track { height: 9px; border-radius: 5px; background: var(--line); }
.bar .fill { height: 9px; border-radius: 5px; min-width: 2px; }
.bar .value { font-variant-numeric: tabular-nums; text-align: right; }
.bar.best .name, .bar.best .value { font-weight: 700; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 9px; }
table { border-collapse: separate; border-spacing: 0; width: 100%;
  font-size: 0.885rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.42rem 0.75rem; text-align: right; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; font-size: 0.8rem;
  border-bottom: 1px solid var(--line); vertical-align: bottom;
  background: var(--card); }
thead th[title] { cursor: help; }
tbody th { text-align: left; font-weight: 500; }
th.words, td.words { text-align: left; }
th:first-child { position: sticky; left: 0; z-index: 1; text-align: left;
  background: var(--card); border-right: 1px solid var(--line); }
tbody tr:nth-child(even) > * { background: var(--stripe); }
tbody tr:hover > * { background: var(--tint); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
td.best { font-weight: 700; color: var(--accent); }
td .spread { display: block; font-weight: 400; font-size: 0.74rem;
  line-height: 1.15; color: var(--soft); }
td .none { color: var(--soft); }
.arrow { font-weight: 400; opacity: 0.75; }
details { margin: 0.7rem 0 0; }
summary { cursor: pointer; color: var(--accent); font-size: 0.9rem;
  width: fit-content; }
details[open] > summary { margin-bottom: 0.5rem; }
details details { margin-left: 1rem; }
table.settings { width: auto; font-size: 0.84rem; }
table.settings th, table.settings td { padding: 0.18rem 0.8rem 0.18rem 0;
  text-align: left; white-space: normal; vertical-align: top; border: 0;
  background: none; cursor: auto; position: static; }
table.settings th { color: var(--soft); font-weight: 400; }
table.settings td { overflow-wrap: anywhere; }
dl.meanings { display: grid; grid-template-columns: max-content 1fr;
  gap: 0.2rem 1rem; margin: 0; font-size: 0.875rem; }
dl.meanings dt { font-weight: 600; }
dl.meanings dd { margin: 0; color: var(--soft); }
ul.notes { margin: 0.8rem 0 0; padding: 0.6rem 1rem 0.6rem 1.9rem;
  background: var(--stripe); border-left: 3px solid var(--accent);
  border-radius: 0 8px 8px 0; font-size: 0.9rem; }
.figures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
figure { margin: 0; border: 1px solid var(--line); border-radius: 9px;
  padding: 0.7rem 0.8rem; min-width: 0; }
figcaption { font-size: 0.875rem; font-weight: 600; margin: 0 0 0.3rem; }
figcaption small { font-weight: 400; color: var(--soft); font-size: 0.8rem; }
.pictures { display: grid; gap: 1rem; }
.pictures figure { padding: 0; overflow: hidden; }
.pictures figcaption { margin: 0; padding: 0.5rem 0.8rem; font-weight: 400; }
.pictures img { display: block; width: 100%; height: auto; background: #000; }
svg { display: block; width: 100%; height: auto; max-width: 680px;
  margin: 0 auto; overflow: visible; }
svg text { fill: var(--text); font-family: inherit; }
svg .tick { font-size: 12px; fill: var(--soft); }
svg .label { font-size: 12.5px; fill: var(--soft); }
svg .legend { font-size: 13px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .mark { stroke-width: 1.4; }
svg .hit { fill: transparent; stroke: none; }
svg .hit:hover { fill: var(--soft); fill-opacity: 0.3; }
svg .hollow { fill: var(--card) !important; }
svg .zero { stroke: var(--text); stroke-width: 1.2; stroke-dasharray: 3 3; }
svg .forest-label, svg .forest-number { font-size: 12.5px; }
svg .forest-number { font-variant-numeric: tabular-nums; fill: var(--soft); }
svg .side { font-size: 11.5px; fill: var(--soft); }
svg .whisker { stroke-width: 1.8; stroke: currentColor; }
svg .dot { stroke-width: 1.8; stroke: currentColor; fill: currentColor; }
svg .open .dot { fill: var(--card); }
svg .better { color: var(--better); }
svg .worse { color: var(--worse); }
svg .open { color: var(--open); }
svg.key { display: inline-block; width: 28px; height: 12px; margin: 0 0.5rem 0 0;
  vertical-align: middle; }
svg .s0 { stroke: var(--s0); } svg .s1 { stroke: var(--s1); }
svg .s2 { stroke: var(--s2); } svg .s3 { stroke: var(--s3); }
svg .s4 { stroke: var(--s4); } svg .s5 { stroke: var(--s5); }
svg .s6 { stroke: var(--s6); } svg .s7 { stroke: var(--s7); }
svg .mark.s0 { fill: var(--s0); } svg .mark.s1 { fill: var(--s1); }
svg .mark.s2 { fill: var(--s2); } svg .mark.s3 { fill: var(--s3); }
svg .mark.s4 { fill: var(--s4); } svg .mark.s5 { fill: var(--s5); }
svg .mark.s6 { fill: var(--s6); } svg .mark.s7 { fill: var(--s7); }
.fill.s0 { background: var(--s0); } .fill.s1 { background: var(--s1); }
.fill.s2 { background: var(--s2); } .fill.s3 { background: var(--s3); }
.fill.s4 { background: var(--s4); } .fill.s5 { background: var(--s5); }
.fill.s6 { background: var(--s6); } .fill.s7 { background: var(--s7); }
footer { color: var(--soft); font-size: 0.84rem; margin: 2rem 0 3rem; }
@media (min-width: 1180px) {
  .columns { display: grid; grid-template-columns: 190px minmax(0, 1fr);
    gap: 2rem; }
  nav { position: sticky; top: 1.4rem; align-self: start; margin: 1.6rem 0 0;
    max-height: calc(100vh - 2.8rem); overflow-y: auto; }
  nav > ul { display: block; overflow: visible; }
  nav > ul > li > a { border: 0; background: none; border-radius: 6px;
    padding: 0.15rem 0; white-space: normal; font-weight: 500; }
  nav li > ul { display: block; margin: 0 0 0.5rem; padding-left: 0.8rem;
    border-left: 2px solid var(--line); font-size: 0.84rem; }
}
@media (max-width: 640px) {
  body { font-size: 15px; }
  .layout { padding: 0 0.7rem; }
  h1 { font-size: 1.5rem; margin-top: 1.3rem; }
  section { padding: 1rem 0.85rem 1.1rem; }
  th, td { padding: 0.36rem 0.55rem; }
  .cards.numbers { gap: 0.6rem;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .cards.numbers .card { padding: 0.6rem 0.8rem; }
  .cards.numbers .soft { margin: 0; line-height: 1.35; }
  .number { font-size: 1.35rem; }
  th:first-child { max-width: 44vw; overflow: hidden;
    text-overflow: ellipsis; }
  dl.meanings { grid-template-columns: 1fr; gap: 0; }
  dl.meanings dd { margin-bottom: 0.35rem; }
  figure { padding: 0.5rem 0.4rem; }
  figcaption { padding: 0 0.3rem; }
}
@media print {
  body { background: #fff; }
  nav { display: none; }
  .columns { display: block; }
  figure, .card, tr { break-inside: avoid; }
}
)css";

}  // namespace tiepoint
