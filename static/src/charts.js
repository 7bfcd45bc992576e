// Pages with charts load this beside app.js. <figure data-chart="bar|line|pie"> holds a table: its first column
// names, the others are the series. The drawing stands above it, the table stays for those who read it.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { make } from "./js/build.js";
import { enhance } from "./js/enhance.js";

echarts.use([
  BarChart,
  LineChart,
  PieChart,
  AriaComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  CanvasRenderer,
]);

/** The colour a token has in the theme of the moment. */
function token(name) {
  const probe = document.body.appendChild(make("span"));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function read(table) {
  const cells = (row) => [...row.cells].map((cell) => cell.textContent.trim());
  const number = (text) => Number(text.replace(/[^\d.-]/g, ""));
  const [, ...series] = cells(table.tHead.rows[0]);
  const rows = [...table.tBodies[0].rows].map(cells);
  return {
    names: rows.map(([name]) => name),
    series: series.map((name, at) => ({ name, data: rows.map((row) => number(row[at + 1])) })),
  };
}

function option(kind, { names, series }) {
  const [text, line] = [token("text-soft"), token("line")];
  const common = {
    aria: { enabled: true, decal: { show: series.length > 1 || kind === "pie" } },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    color: ["ink", "warn", "ok", "text-faint", "seal"].map(token),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    // Drawn on the canvas: a tooltip made of markup would need inline styles, which our policy forbids.
    tooltip: { renderMode: "richText", trigger: kind === "pie" ? "item" : "axis" },
    legend: { show: series.length > 1 || kind === "pie", bottom: 0, textStyle: { color: text } },
  };
  if (kind === "pie") {
    const data = names.map((name, at) => ({ name, value: series[0].data[at] }));
    return { ...common, series: [{ type: "pie", radius: ["45%", "72%"], data, label: { color: text } }] };
  }
  const axis = { axisLabel: { color: text }, axisLine: { lineStyle: { color: line } } };
  return {
    ...common,
    grid: { left: 8, right: 16, top: 16, bottom: series.length > 1 ? 40 : 8, containLabel: true },
    xAxis: { type: "category", data: names, axisTick: { show: false }, ...axis },
    yAxis: { type: "value", splitLine: { lineStyle: { color: line } }, ...axis },
    series: series.map((one) => ({ type: kind, barMaxWidth: 36, symbolSize: 6, ...one })),
  };
}

enhance("figure[data-chart]", (figure) => {
  const place = make("div", { className: "chart-canvas" });
  figure.prepend(place);
  const chart = echarts.init(place);
  const draw = () => chart.setOption(option(figure.dataset.chart, read(figure.querySelector("table"))), true);
  draw();
  new ResizeObserver(() => chart.resize()).observe(place);
  document.addEventListener("theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
});
