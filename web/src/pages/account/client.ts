// What a browser or a program calls itself, in words that a person recognises.

const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\bHeadlessChrome\/(\d+)/, 'Chromium'],
  [/\b(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* .*Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `Firefox 140 · Linux`; of a program its first word, `curl 7.88.1`; empty where it said nothing. */
export function clientInWords(client: string): string {
  const system = SYSTEMS.find(([sign]) => sign.test(client))?.[1];
  for (const [sign, name] of BROWSERS) {
    const found = sign.exec(client);
    if (found) return [`${name} ${found[1]}`, system].filter(Boolean).join(' · ');
  }
  const program = /^([\w.-]+)\/([\w.-]+)/.exec(client);
  if (program && program[1] !== 'Mozilla') return `${program[1]} ${program[2]}`;
  return system ?? client.slice(0, 60);
}
