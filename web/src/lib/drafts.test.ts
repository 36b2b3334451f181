import { expect, test } from 'vitest';
import { draft, keepDraft } from './drafts';

/** Whether the browser would ask before the tab closes. */
const asks = (): boolean => !dispatchEvent(new Event('beforeunload', { cancelable: true }));

test('the_browser_asks_as_long_as_a_text_is_neither_sent_nor_taken_back', () => {
  expect(asks()).toBe(false);
  keepDraft('name', 'Ada B.');
  keepDraft('workspace', 'Observatory');
  expect(draft('name')).toBe('Ada B.');
  keepDraft('name', undefined);
  expect(draft('name')).toBeUndefined();
  expect(asks()).toBe(true);
  keepDraft('workspace', undefined);
  expect(asks()).toBe(false);
});
