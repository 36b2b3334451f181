import { describe, expect, it } from 'vitest';
import { cursorAt, following, thumbnail, tiling } from './kept';
import { contrast, inksOf } from './colour';
import { body, EXAMPLE, FIRST, fromKept, fromQuery, hex, markAddress, misread, nameOf, studioAddress, toQuery, type Recipe } from './recipe';
import { SHEET, sheet } from './seeds';
import { fileName, picture, slug } from './take';

const full: Recipe = {
  name: 'Café & Co', family: 'petal', emotion: 'creative', seed: '42', lockup: 'stacked', primary: '#ffee00', accent: '#112233',
  animated: true, theme: 'dark', painted: true, size: 1024, version: 1,
};
const read = (address: string) => {
  const query = new URL(address, 'http://x').searchParams;
  return fromQuery((name) => query.get(name) ?? '');
};

describe('recipe', () => {
  it('comes back from its address as it was', () => {
    expect(read(studioAddress(full, 1))).toEqual(full);
    const said = Object.entries(toQuery(full)).filter((entry): entry is [string, string] => entry[1] !== null);
    expect(read(`/luna?${new URLSearchParams(said)}`)).toEqual(full);
  });

  it('leaves at the beginning what an address says wrongly', () => {
    expect(read('/luna?family=cube&emotion=joy&size=7000&v=x&accent=fff&primary=no')).toEqual(FIRST);
  });

  it('names what an address says wrongly, and nothing else', () => {
    const odd = (address: string) => {
      const query = new URL(address, 'http://x').searchParams;
      return misread((name) => query.get(name) ?? '').map(({ name, value }) => `${name}=${value}`);
    };
    expect(odd('/luna?family=cube&emotion=joy&size=7000&v=x&accent=fff&primary=no&ground=wood&animated=yes')).toEqual([
      'family=cube', 'emotion=joy', 'primary=no', 'accent=fff', 'animated=yes', 'ground=wood', 'size=7000', 'v=x',
    ]);
    expect(odd('/luna?family=orbit&emotion=power&lockup=mark&theme=light&size=512&animated=0&ground=transparent')).toEqual([]);
    expect(odd(studioAddress(full, 1))).toEqual([]);
    expect(odd('/luna?name=x&seed=99999999999999999999999&grid=1&sheet=2')).toEqual([]);
  });

  it('pins the version in a link, and the example where it is what is seen', () => {
    expect(studioAddress(FIRST, 3)).toBe(`/luna?name=${EXAMPLE}&family=orbit&emotion=power&v=3`);
  });

  it('draws the example only where neither a name nor a seed is given', () => {
    expect(nameOf(FIRST)).toBe(EXAMPLE);
    expect(nameOf({ ...FIRST, seed: '7' })).toBe('');
    expect(nameOf({ ...FIRST, name: '  ' })).toBe(EXAMPLE);
  });

  it('has one address for one picture', () => {
    expect(markAddress({ ...FIRST, name: 'A', seed: '7' })).toBe('/api/v1/luna/mark/orbit/power.svg?seed=7');
    expect(markAddress({ ...FIRST, name: 'A', seed: '7', family: 'monogram' })).toContain('name=A');
    expect(markAddress(full, { format: 'png', theme: 'dark', lockup: 'stacked', size: 64, animated: true })).toBe(
      '/api/v1/luna/mark/petal/creative.png?seed=42&name=Caf%C3%A9+%26+Co&size=64&lockup=stacked&theme=dark&primary=ffee00&accent=112233&v=1',
    );
  });

  it('takes what the history kept, also under one of the original keys', () => {
    const kept = { generator: 'ultimate', variant: 'power', seed: '9', v: 1 };
    const alias = { key: 'ultimate', generator: 'petal', theme: 'dark', animated: true, painted: true, description: '' };
    expect(fromKept(kept, undefined, [alias])).toMatchObject({ family: 'petal', theme: 'dark', animated: true, painted: true, seed: '9' });
    expect(body(full, 1, 'fr')).toMatchObject({ generator: 'petal', palette: { primary: '#ffee00', accent: '#112233' }, v: 1 });
  });

  it('reads colours however they are written', () => {
    expect([hex('#FfE'), hex('a1B2c3'), hex('red'), hex('#12')]).toEqual(['#ffffee', '#a1b2c3', '', '']);
  });
});

describe('colours', () => {
  it('gives the figures that the API gives', () => {
    expect(contrast('#035798', '#ffffff')).toBeCloseTo(7.45, 1);
    expect(contrast('#ffffff', '#0897a9')).toBeCloseTo(3.49, 1);
    expect(contrast('#000000', '#ffffff')).toBe(21);
    expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5);
  });

  it('finds the inks of a lockup', () => {
    const svg = '<svg><path fill="#827800"/><circle fill="#564d00"/><g fill="#a9f"/></svg>';
    expect(inksOf(svg)).toEqual({ primary: '#827800', accent: '#564d00', text: '#aa99ff' });
    expect(inksOf('<svg/>')).toBeUndefined();
  });
});

describe('what was kept', () => {
  it('is shown as a small mark, whatever file it was', () => {
    expect(thumbnail('/api/v1/luna/mark/halo/power.pdf?seed=1&name=A&lockup=stacked&size=512&v=1', 32)).toBe('/api/v1/luna/mark/halo/power.svg?seed=1&name=A&size=32&v=1');
  });

  it('has a cursor for a moment, which the ids of that moment follow', () => {
    const id = '01M80269S47JW0RZ3FP73D3E0M';
    const at = Date.parse('2026-11-21T22:03:53.508Z');
    expect(cursorAt(at)).toBe('01M80269S40000000000000000');
    expect(cursorAt(at) < id && id < cursorAt(at + 1)).toBe(true);
    expect(cursorAt(0)).toBe('0'.repeat(26));
  });

  it('has a cursor that begins with the very row', () => {
    expect(following('01KAH8W7Q2M4ZB6T9X3F5R0VCD')).toBe('01KAH8W7Q2M4ZB6T9X3F5R0VCE');
    expect(following('01KAH8W7Q2M4ZB6T9X3F5R0VZZ')).toBe('01KAH8W7Q2M4ZB6T9X3F5R0W00');
  });

  it('is laid out in as many columns as fit', () => {
    expect(tiling(328, 150, 12, 7)).toEqual({ columns: 2, rows: 4 });
    expect(tiling(100, 150, 12, 3)).toEqual({ columns: 1, rows: 3 });
  });
});

describe('seeds', () => {
  it('never meet twice, and are the same again', () => {
    const all = [0, 1, 2, 3].flatMap((page) => sheet('Northwind', page));
    expect(new Set(all).size).toBe(4 * SHEET);
    expect(sheet('Northwind', 2)).toEqual(sheet('Northwind', 2));
    expect(sheet('Northwind', 0)).not.toEqual(sheet('Southwind', 0));
  });
});

describe('what is taken away', () => {
  it('has a name that no file system minds', () => {
    expect([slug('  Café  Zoé! '), slug('../../etc'), slug('日本')]).toEqual(['cafe-zoe', 'etc', '']);
    expect(fileName(full, 'png', 'dark')).toBe('cafe-co-petal-creative-stacked-dark-1024.png');
    expect(fileName({ ...FIRST, name: '日本' }, 'svg', 'light')).toBe('mark-orbit-power.svg');
  });

  it('escapes a name in HTML', () => {
    const text = picture({ ...FIRST, name: 'A"<b>&' }, 'https://x.example', false);
    expect(text).toContain('alt="A&quot;&lt;b>&amp;"');
    expect(text).toContain('theme=dark');
    expect(text).not.toContain('<b>');
  });
});
