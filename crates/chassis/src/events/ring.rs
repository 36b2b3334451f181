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
    /// When somebody last wrote or listened here.
    used_ms: i64,
}

impl Ring {
    pub(super) fn new(bounds: Bounds, floor: Ulid) -> Self {
        let state = State {
            items: VecDeque::new(),
            first: 0,
            places: HashMap::new(),
            floor,
            bytes: 0,
            used_ms: i64::MIN,
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
        state.used_ms = now_ms;
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
    pub(super) fn end(&self, now_ms: i64) -> (u64, Ulid) {
        let mut state = self.state();
        state.used_ms = now_ms;
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

    /// Forgets what is too old; whether anything is left, or somebody may still come back to this place.
    pub(super) fn tidy(&self, now_ms: i64) -> bool {
        let mut state = self.state();
        self.shorten(&mut state, now_ms);
        !state.items.is_empty() || now_ms.saturating_sub(state.used_ms) <= self.bounds.age_ms
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::WorkspaceId;
    use crate::clock::Timestamp;

    const BOUNDS: Bounds = Bounds {
        events: 3,
        age_ms: 1_000,
    };

    fn entry(id: u128, at_ms: i64) -> Arc<Entry> {
        Arc::new(Entry::new(Event {
            id: Ulid(id),
            workspace: WorkspaceId(Ulid(1)),
            kind: "a.b".to_owned(),
            subject: String::new(),
            data: json!(id.to_string()),
            at: Timestamp::from_unix_ms(at_ms).unwrap(),
        }))
    }

    fn ids(ring: &Ring, from: u64) -> Vec<u128> {
        let mut ids = Vec::new();
        while let Found::Item(item) = ring.at(from + ids.len() as u64) {
            ids.push(match item {
                Item::Event(entry) => entry.event.id.0,
                Item::Gap => 0,
            });
        }
        ids
    }

    #[test]
    fn the_last_events_are_kept_and_the_one_before_them_is_known() {
        let ring = Ring::new(BOUNDS, Ulid(99));
        assert_eq!(ring.after(Ulid(99), 0), Some(0));
        for id in 1..=5 {
            ring.push(entry(id, 0), 0);
        }
        assert_eq!(ring.end(0), (5, Ulid(5)));
        assert_eq!(ring.after(Ulid(4), 0), Some(4));
        assert_eq!(
            ring.after(Ulid(2), 0),
            Some(2),
            "nothing after it is forgotten"
        );
        assert_eq!(ring.after(Ulid(1), 0), None);
        assert_eq!(ring.after(Ulid(99), 0), None);
        assert_eq!(ids(&ring, 2), [3, 4, 5]);
        assert!(matches!(ring.at(1), Found::Lost));
    }

    #[test]
    fn an_event_is_kept_once() {
        let ring = Ring::new(BOUNDS, Ulid(99));
        for id in [1, 2, 1, 2, 3, 4, 1] {
            ring.push(entry(id, 0), 0);
        }
        assert_eq!(ids(&ring, 1), [2, 3, 4], "also the one just forgotten");
    }

    #[test]
    fn old_events_are_forgotten_and_an_idle_ring_in_the_end() {
        let ring = Ring::new(BOUNDS, Ulid(99));
        ring.push(entry(1, 0), 0);
        ring.push(entry(2, 900), 900);
        assert!(ring.tidy(1_001));
        assert_eq!(ring.after(Ulid(1), 1_001), Some(1));
        assert_eq!(ids(&ring, 1), [2]);
        assert!(!ring.tidy(2_000));
        assert_eq!(ring.end(2_000), (2, Ulid(2)));
        assert!(ring.tidy(2_900), "somebody has just been here");
        assert!(!ring.tidy(3_100));
    }

    #[test]
    fn a_gap_stands_in_its_place() {
        let ring = Ring::new(BOUNDS, Ulid(99));
        ring.push(entry(1, 0), 0);
        ring.gap();
        ring.push(entry(2, 0), 0);
        assert_eq!(ids(&ring, 0), [1, 0, 2]);
        for id in 3..=5 {
            ring.push(entry(id, 0), 0);
        }
        assert_eq!(ids(&ring, 3), [3, 4, 5]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let ring = Ring::new(
            Bounds {
                events: 100_000,
                age_ms: 1_000,
            },
            Ulid(99),
        );
        for id in 0..1_000 {
            let mut large = Arc::into_inner(entry(id, 0)).unwrap();
            large.text = vec![b'x'; 15_000].into();
            ring.push(Arc::new(large), 0);
        }
        let kept = ring.state().items.len();
        assert!((250..290).contains(&kept), "{kept}");
    }
}
