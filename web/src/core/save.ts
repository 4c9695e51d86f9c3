// Figures as SVG and PNG, tables as CSV: made here, from what is shown.

function offer(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const INHERITED = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "opacity",
  "fill-opacity",
  "stroke-opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "letter-spacing",
  "text-anchor",
  "dominant-baseline",
] as const;

/** A drawing that stands alone: the styles that the page gives it are written into it, on a white sheet in ink. */
function standalone(drawing: SVGSVGElement): SVGSVGElement {
  document.documentElement.classList.add("paper"); // figures go to papers: light, whatever the page is in
  try {
    const copy = drawing.cloneNode(true) as SVGSVGElement;
    const from = [drawing, ...drawing.querySelectorAll<SVGElement>("*")];
    const to = [copy, ...copy.querySelectorAll<SVGElement>("*")];
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      for (const name of INHERITED) to[i]!.style.setProperty(name, style.getPropertyValue(name));
      to[i]!.removeAttribute("tabindex");
    });
    const box = drawing.viewBox.baseVal;
    const { width, height } = box && box.width ? box : drawing.getBoundingClientRect();
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", String(width));
    copy.setAttribute("height", String(height));
    const sheet = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    sheet.setAttribute("x", String(box?.x ?? 0));
    sheet.setAttribute("y", String(box?.y ?? 0));
    sheet.setAttribute("width", String(width));
    sheet.setAttribute("height", String(height));
    sheet.setAttribute("fill", "#ffffff");
    copy.prepend(sheet);
    return copy;
  } finally {
    document.documentElement.classList.remove("paper");
  }
}

/** A name for a file that every system takes, without the endings of photographs in it. */
export function fileName(...parts: string[]): string {
  const text = parts.join(" ").toLowerCase().replace(/\.(png|jpe?g|webp|gif|bmp|tiff?)\b/g, "");
  return text.replace(/[^\p{L}\p{N}+.]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 120) || "figure"; // prettier-ignore
}

export function saveSvg(drawing: SVGSVGElement, name: string): void {
  const text = new XMLSerializer().serializeToString(standalone(drawing));
  offer(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
}

/** A PNG of a drawing, three pixels for each of the page's. */
export async function savePng(drawing: SVGSVGElement, name: string, scale = 3): Promise<void> {
  const copy = standalone(drawing);
  const text = new XMLSerializer().serializeToString(copy);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(scale * Number(copy.getAttribute("width")));
  canvas.height = Math.round(scale * Number(copy.getAttribute("height")));
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  saveCanvas(canvas, name);
}

export function saveCanvas(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => blob && offer(blob, `${name}.png`), "image/png");
}

/** A table as RFC 4180 has it. */
function csvOf(rows: ReadonlyArray<ReadonlyArray<string | number | null>>): string {
  const cell = (value: string | number | null): string => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function saveCsv(rows: ReadonlyArray<ReadonlyArray<string | number | null>>, name: string): void {
  offer(new Blob([csvOf(rows)], { type: "text/csv" }), `${name}.csv`);
}
