// Colours of similarity: even steps of lightness in OKLCH, from the page's own background to a saturated end, so that
// more ink (more light, on a dark page) is more similarity. Every mark carries both; the style sheet chooses.
import { scaleLinear } from "d3-scale";

const LIGHT = ["#f7f7eb", "#d0e0c5", "#9bcbb1", "#62b4ae", "#3498ad", "#2378a8", "#26579c", "#2c3783", "#291b63"];
const DARK = ["#1f1e38", "#2b3361", "#2e4d85", "#2b6d9c", "#298ea9", "#41aeae", "#66cea7", "#afe59d", "#f4f7a7"];
const AT = LIGHT.map((_, i) => i / (LIGHT.length - 1));

const light = scaleLinear<string>().domain(AT).range(LIGHT).clamp(true);
const dark = scaleLinear<string>().domain(AT).range(DARK).clamp(true);

/** From here on, numbers on a colour are written in the other ink. */
const DEEP = 0.5;

/** Custom properties of a mark at a share of the scale, and of the text on it. */
export function inks(share: number | null): Record<string, string> {
  if (share === null) return { "--l": "#ececf0", "--d": "#2a2c34", "--tl": "#5f626b", "--td": "#a2a5b0" };
  const deep = share > DEEP;
  return {
    "--l": light(share),
    "--d": dark(share),
    "--tl": deep ? "#ffffff" : "#1b1c20",
    "--td": deep ? "#14151a" : "#f1f1f5",
  };
}

/** Red, green and blue at a share of the scale. */
export function bytesAt(share: number, isDark: boolean): [number, number, number] {
  const parts = (isDark ? dark : light)(share).match(/\d+/g)!.map(Number);
  return [parts[0], parts[1], parts[2]];
}

/** Stops of a gradient. */
export function stops(): { at: number; light: string; dark: string }[] {
  return AT.map((at, i) => ({ at, light: LIGHT[i], dark: DARK[i] }));
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
