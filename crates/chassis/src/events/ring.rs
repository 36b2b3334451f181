//! What happened lately in one workspace, in order, for those who listen and those who come back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use ulid::Ulid;

use super::Event;

/// Bytes of one ring, whatever the number of its events.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) events: usize,
    pub(super) age_ms: i64,
}

/// An event as it is sent: written once, however many listen.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) event: Event,
    pub(super) text: bytes::Bytes,
}

/// What stands at one place of a ring.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Event(Arc<Entry>),
    /// Something may be missing here: what others published while they could not be heard.
    Gap,
}

/// What a reader finds.
pub(super) enum Found {
    Item(Item),
    /// Nothing new.
    Nothing,
    /// What it has not read yet is no longer kept.
    Lost,
}

pub(super) struct Ring {
    bounds: Bounds,
    state: Mutex<State>,
    /// The place after the last item.
    end: watch::Sender<u64>,
}

struct State {
    items: VecDeque<Item>,
    /// The place of the first item.
    first: u64,
    places: HashMap<Ulid, u64>,
    /// The id before the first item: the last one forgotten, or one made up with the ring.
    floor: Ulid,
    bytes: usize,
}

impl Ring {
    pub(super) fn new(bounds: Bounds, floor: Ulid) -> Self {
        let state = State {
            items: VecDeque::new(),
            first: 0,
            places: HashMap::new(),
            floor,
            bytes: 0,
        };
        Self {
            bounds,
            state: Mutex::new(state),
            end: watch::Sender::new(0),
        }
    }

    /// Adds an event, once.
    pub(super) fn push(&self, entry: Arc<Entry>, now_ms: i64) {
        let mut state = self.state();
        let place = state.end();
        if state.places.contains_key(&entry.event.id) || state.floor == entry.event.id {
            return;
        }
        state.places.insert(entry.event.id, place);
        state.bytes += entry.text.len();
        state.items.push_back(Item::Event(entry));
        self.shorten(&mut state, now_ms);
        drop(state);
        self.end.send_replace(place + 1);
    }

    /// Notes that something may be missing.
    pub(super) fn gap(&self) {
        let mut state = self.state();
        let place = state.end();
        state.items.push_back(Item::Gap);
        drop(state);
        self.end.send_replace(place + 1);
    }

    /// Tells when something is added.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    /// The place after an event that is still kept (or was the last to be forgotten).
    pub(super) fn after(&self, id: Ulid, now_ms: i64) -> Option<u64> {
        let mut state = self.state();
        self.shorten(&mut state, now_ms);
        match state.places.get(&id) {
            Some(place) => Some(place + 1),
            None => (state.floor == id).then_some(state.first),
        }
    }

    /// The place after everything, and the last id before it.
    pub(super) fn end(&self) -> (u64, Ulid) {
        let state = self.state();
        let last = state.items.iter().rev().find_map(|item| match item {
            Item::Event(entry) => Some(entry.event.id),
            Item::Gap => None,
        });
        (state.end(), last.unwrap_or(state.floor))
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: u64) -> Found {
        let state = self.state();
        if place >= state.end() {
            return Found::Nothing;
        }
        let item = place
            .checked_sub(state.first)
            .and_then(|index| state.items.get(index as usize));
        item.map_or(Found::Lost, |item| Found::Item(item.clone()))
    }

    /// Forgets what is too old; whether anything is left.
    pub(super) fn tidy(&self, now_ms: i64) -> bool {
        let mut state = self.state();
        self.shorten(&mut state, now_ms);
        !state.items.is_empty()
    }

    fn shorten(&self, state: &mut State, now_ms: i64) {
        while let Some(first) = state.items.front() {
            let crowded = state.items.len() > self.bounds.events || state.bytes > MOST_BYTES;
            let old = match first {
                Item::Event(entry) => now_ms - entry.event.at.unix_ms() > self.bounds.age_ms,
                Item::Gap => true,
            };
            // A gap goes with what stood before it, not before a reader could see it.
            let alone = matches!(first, Item::Gap) && state.items.len() == 1;
            if alone || !(crowded || old) {
                return;
            }
            if let Some(Item::Event(entry)) = state.items.pop_front() {
                state.places.remove(&entry.event.id);
                state.bytes -= entry.text.len();
                state.floor = entry.event.id;
            }
            state.first += 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }
}
