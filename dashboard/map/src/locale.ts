// What the map itself says, in both languages; everything else comes from Python, translated.
import type { Lang } from "./contract.ts";

export interface Texts {
  map: string;
  zoomIn: string;
  zoomOut: string;
  metres: string;
  kilometres: string;
  tiles: (seconds: number) => string;
  context: string;
  noWebgl: string;
}

const TEXTS: Record<Lang, Texts> = {
  zh: {
    map: "地图：方向键平移，加减键缩放",
    zoomIn: "放大",
    zoomOut: "缩小",
    metres: "米",
    kilometres: "公里",
    tiles: (seconds) => `地图数据暂时取不到，${seconds} 秒后自动重试。`,
    context: "显卡中断了绘图，正在等待恢复；若一直不恢复，请刷新本页。",
    noWebgl: "浏览器未能启用 WebGL，地图无法绘制：请启用硬件加速或更换浏览器。",
  },
  en: {
    map: "Map: arrow keys move, plus and minus zoom",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    metres: "m",
    kilometres: "km",
    tiles: (seconds) => `Map data cannot be read now; next try in ${seconds} s.`,
    context: "The graphics card has stopped drawing; waiting for it. If it does not return, reload this page.",
    noWebgl: "WebGL could not be started, so no map can be drawn: enable hardware acceleration or use another browser.",
  },
};

export function texts(lang: Lang | undefined): Texts {
  return TEXTS[lang === "en" ? "en" : "zh"];
}

export function mapLocale(t: Texts): Record<string, string> {
  return {
    "Map.Title": t.map,
    "NavigationControl.ZoomIn": t.zoomIn,
    "NavigationControl.ZoomOut": t.zoomOut,
    "ScaleControl.Meters": t.metres,
    "ScaleControl.Kilometers": t.kilometres,
  };
}
