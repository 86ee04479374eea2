"""The style sheet of the page: screen in light and dark, narrow screens, and A4 paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--paper:#faf8f2;--card:#fffefa;--ink:#1f2a24;--soft:#5c6a62;--line:#e3dfd1;
--leaf:#2f6b4f;
--wash:#eef1e6;--c0:#2f6b4f;--c1:#c8963e;--c2:#3f6f9f;--c3:#b5573a;--c4:#7fae8e;--c5:#7a5a86;--c6:#d9c27a;
--c7:#6aa5b5;--c8:#b9b5a6;--t1:#e7ece0;--t2:#d6e2d3;--t3:#c2d7c6}
@media (prefers-color-scheme:dark){:root{--paper:#111714;--card:#171e1a;--ink:#e4e9e1;--soft:#9aa89f;--line:#29332d;
--leaf:#86c5a3;--wash:#18221c;--c0:#6fb58f;--c1:#d9ab5a;--c2:#6f9fd0;--c3:#d47c5e;--c4:#3f7a5a;--c5:#a684b3;
--c6:#8f7f45;
--c7:#4d8797;--c8:#5d6560;--t1:#15201a;--t2:#182a20;--t3:#1c3527}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.inner{max-width:66rem;margin:0 auto;padding:0 1.5rem}
header{position:relative;overflow:hidden;padding:2.6rem 0 6.5rem}
header .inner{position:relative;z-index:1}
.name{display:flex;align-items:center;gap:.6rem;color:var(--soft);font-size:.92rem}
.name svg{width:1.6rem;height:1.6rem;flex:none}
h1,h2,.lead,.keys strong{font-family:ui-serif,Georgia,"Noto Serif","DejaVu Serif","Times New Roman",serif}
h1{font-weight:600;font-size:clamp(2rem,5vw,3.3rem);line-height:1.1;letter-spacing:-.018em;margin:1.5rem 0 0;
max-width:50rem;
text-wrap:balance}
h1 em{font-style:normal;color:var(--leaf)}
.lead{font-size:clamp(1.12rem,2.2vw,1.4rem);line-height:1.42;max-width:46rem;margin:1.1rem 0 0;color:var(--soft);
text-wrap:pretty}
.lead b{color:var(--ink);font-weight:600}
.terraces{position:absolute;left:0;right:0;bottom:-1px;width:100%;height:5.5rem;display:block}
.t1{fill:var(--t1)}.t2{fill:var(--t2)}.t3{fill:var(--t3)}.t4{fill:var(--paper)}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.4rem,1fr));gap:1.2rem 1.4rem;margin:0 0 2.6rem;
padding:0;
list-style:none}
.keys strong{display:block;font-weight:600;font-size:1.45rem;line-height:1.15;letter-spacing:-.01em;
white-space:nowrap}
.keys span{color:var(--soft);font-size:.86rem;line-height:1.35;display:block;margin-top:.15rem}
section{margin:0 0 3.4rem}
h2{font-weight:600;font-size:1.55rem;line-height:1.25;margin:0 0 .35rem;letter-spacing:-.01em;text-wrap:balance}
h3{font-size:.78rem;font-weight:600;letter-spacing:.07em;text-transform:uppercase;color:var(--soft);
margin:1.6rem 0 .5rem}
p{margin:0 0 .9rem;max-width:44rem}
.says{color:var(--soft);max-width:46rem;margin:0 0 1.3rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.6rem 2.6rem;
align-items:start}
figure{margin:0;min-width:0}
figcaption{color:var(--soft);font-size:.84rem;margin-top:.5rem;max-width:44rem}
.chart{display:block;width:100%;height:auto;overflow:visible;font-size:12.5px}
.chart text{fill:var(--soft)}
.chart .big{font:600 25px ui-serif,Georgia,"Noto Serif","DejaVu Serif",serif;fill:var(--ink)}
.chart .note{font-size:13px}.chart .barname{font-size:14px;fill:var(--ink);font-weight:600}
.chart .bartold{font-size:13px}
.chart .inbar{fill:var(--paper);font-weight:600;font-size:13.5px}.chart .outbar{fill:var(--ink);font-weight:600;
font-size:13.5px}
.plot,.whole{fill:var(--wash)}.part{fill:var(--c0)}
.grid{stroke:var(--line);fill:none}.tickline{stroke:var(--soft)}
.even{stroke:var(--soft);stroke-dasharray:2 4;fill:none}
.curve{fill:none;stroke-width:2.2;stroke-linejoin:round}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1);stroke-dasharray:7 4}.s2{stroke:var(--c3);stroke-dasharray:2 3}
.area{fill-opacity:.16}
.mark{stroke:var(--ink);fill:none;stroke-width:1.4}
.band{stroke:var(--paper);stroke-width:.7}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.c6{fill:var(--c6)}.c7{fill:var(--c7)}.c8{fill:var(--c8)}
.pale{fill-opacity:.3}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.15rem;margin:.7rem 0 0;padding:0;list-style:none;font-size:.86rem;
color:var(--soft)}
.legend svg,.swatch{width:.8rem;height:.8rem;vertical-align:-.06rem;margin-right:.4rem;border-radius:2px}
.legend .dash{width:1.7rem}
.strip{display:block;width:100%;height:2.3rem;border-radius:.3rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.35}
caption{text-align:left;color:var(--soft);font-size:.84rem;padding:0 0 .4rem}
th,td{padding:.36rem .55rem;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
thead th{font-weight:500;color:var(--soft);font-size:.8rem;vertical-align:bottom;border-bottom-color:var(--soft)}
tbody th{font-weight:500;white-space:nowrap}tbody th.wrap{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
.id{white-space:nowrap}
.r{text-align:right}td.r{white-space:nowrap}
.strong{font-weight:600}
td.b{width:22%;min-width:6rem;vertical-align:middle}
.bar{display:block;width:100%;height:.72rem}.twin{height:1rem}
tfoot td,tfoot th{border-bottom:0;border-top:1px solid var(--soft);font-weight:600}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
sup{line-height:0;font-size:.72em}sup a{text-decoration:none}
a{color:var(--leaf);text-underline-offset:.2em}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--leaf);outline-offset:2px}
.quiet{color:var(--soft)}.bad{color:var(--c3)}
.note{background:var(--card);border:1px solid var(--line);border-left:3px solid var(--c1);border-radius:.4rem;
padding:.8rem 1.1rem;margin:0 0 2rem}
.note p:last-child,.note ul:last-child{margin-bottom:0}
ul.plain{margin:.2rem 0 .9rem;padding-left:1.1rem;max-width:46rem}
ol.foot{padding-left:1.6rem;margin:0;font-size:.86rem;color:var(--soft);columns:2 22rem;column-gap:2.6rem}
ol.foot li{margin:0 0 .5rem;break-inside:avoid}ol.foot b{color:var(--ink);font-weight:600}
ol.foot li:target{background:var(--wash)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0 0 1rem;font-size:.9rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
.habits{gap:.7rem 1.2rem;align-items:baseline;font-size:.92rem}
.habits dt{font:600 1.25rem/1.2 ui-serif,Georgia,"Noto Serif","DejaVu Serif",serif;color:var(--ink);text-align:right}
footer{border-top:1px solid var(--line);padding:1.3rem 0 2.4rem;color:var(--soft);font-size:.88rem}
@media (max-width:40rem){.inner{padding:0 1.05rem}header{padding:1.6rem 0 4.6rem}.terraces{height:3.6rem}
.chart{font-size:19px}.chart .note,.chart .bartold,.chart .barname,.chart .inbar,.chart .outbar{font-size:19px}
.chart .date:nth-of-type(even){display:none}.time{font-size:26px}.keys{grid-template-columns:1fr 1fr}
.lorenz,.chart.lorenz .note{font-size:15px}.keys strong{font-size:1.35rem}th,td{padding:.34rem .4rem}
dl.facts{grid-template-columns:1fr}dl.facts dd{margin:0 0 .4rem}.habits dt{text-align:left}}
@page{size:A4;margin:15mm 14mm 16mm}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--leaf:#1f5a3e;
--wash:#f1f3ec;
--c0:#2f6b4f;--c1:#c8963e;--c2:#3f6f9f;--c3:#b5573a;--c4:#7fae8e;--c5:#7a5a86;--c6:#d9c27a;--c7:#6aa5b5;--c8:#b9b5a6}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
html{font-size:12.4px}body{font-size:9.4pt;line-height:1.42}.inner{padding:0;max-width:none}header{padding:0 0 6mm}
.terraces{display:none}
h1{font-size:25pt;margin-top:5mm}.lead{font-size:12.5pt}h2{font-size:14.5pt}section{margin-bottom:9mm}
h2,h3,.says,caption,thead{break-after:avoid}figure,tr,.keys,.note,.chart{break-inside:avoid}
thead{display:table-header-group}.scroll{overflow:visible}
.pair{grid-template-columns:1fr 1fr;gap:6mm}.keys{grid-template-columns:repeat(4,1fr);margin-bottom:7mm}
.keys strong{font-size:15pt}table{font-size:7.9pt}th,td{padding:1mm 1.2mm}
thead th{font-size:7.4pt}td.b{min-width:14mm;width:16%}
a{color:inherit;text-decoration:none}.chart{font-size:12.5px}ol.foot{font-size:8pt}}
"""
