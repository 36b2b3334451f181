import { expect, test } from 'vitest';
import { EVENTS, fromWords, toWords } from './events';

test('all events of a room are one word, and everything is another', () => {
  expect(toWords(false, EVENTS)).toEqual(['jobs.*']);
  expect(toWords(true, [])).toEqual(['*']);
  expect(toWords(false, ['jobs.failed', 'jobs.done'])).toEqual(['jobs.done', 'jobs.failed']);
});

test('words come back as they were ticked', () => {
  expect(fromWords(['jobs.*'])).toEqual({ all: false, ticked: [...EVENTS] });
  expect(fromWords(['jobs.done'])).toEqual({ all: false, ticked: ['jobs.done'] });
  expect(fromWords(['*']).all).toBe(true);
});
