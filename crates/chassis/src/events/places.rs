//! Places for live streams: how many are open at once on this instance, for one workspace and for one caller, whatever
//! they tell.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use metrics::Gauge;

use crate::auth::{Caller, KeyId, UserId, WorkspaceId};
use crate::config;
use crate::http::problem::Problem;

/// After this time a caller without a place may try again, in seconds.
const TRY_AGAIN_S: u64 = 10;

/// The places of one instance. Clones share them.
#[derive(Clone)]
pub(super) struct Places(Arc<Inner>);

struct Inner {
    most: usize,
    most_per_workspace: usize,
    most_per_caller: usize,
    taken: Mutex<Taken>,
    open: Gauge,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
    by_caller: HashMap<Who, usize>,
}

/// Whose streams count together: a person's, whatever he asks with; of a key without a person the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Person(UserId),
    Key(KeyId),
    Workspace(WorkspaceId),
}

impl Who {
    fn of(caller: &Caller) -> Self {
        match (caller.user, caller.key) {
            (Some(user), _) => Self::Person(user),
            (None, Some(key)) => Self::Key(key),
            (None, None) => Self::Workspace(caller.workspace),
        }
    }
}

/// A place, given back when dropped.
pub(crate) struct Place {
    places: Places,
    workspace: WorkspaceId,
    who: Who,
}

/// Why there is no place: all are taken of the caller, of the workspace (each with how many that are), or of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    Caller(usize),
    Workspace(usize),
    Instance,
}

impl From<NoPlace> for Problem {
    fn from(none: NoPlace) -> Self {
        let problem = match none {
            NoPlace::Caller(most) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "events.too_many_of_caller")
                    .with("limit", most)
            }
            NoPlace::Workspace(most) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "events.too_many").with("limit", most)
            }
            NoPlace::Instance => Self::new(StatusCode::SERVICE_UNAVAILABLE, "events.full")
                .with("seconds", TRY_AGAIN_S),
        };
        problem.retry_after(TRY_AGAIN_S)
    }
}

impl Places {
    pub(super) fn new(settings: &config::Events) -> Self {
        Self(Arc::new(Inner {
            most: settings.streams,
            most_per_workspace: settings.streams_per_workspace,
            most_per_caller: settings.streams_per_caller,
            taken: Mutex::default(),
            open: metrics::gauge!("events_streams"),
        }))
    }

    /// A place for a stream of this caller.
    pub(super) fn take(&self, caller: &Caller) -> Result<Place, NoPlace> {
        let (inner, workspace, who) = (&self.0, caller.workspace, Who::of(caller));
        let mut taken = self.taken();
        let of = |count: Option<&usize>| count.copied().unwrap_or(0);
        if of(taken.by_caller.get(&who)) >= inner.most_per_caller {
            return Err(NoPlace::Caller(inner.most_per_caller));
        }
        if of(taken.by_workspace.get(&workspace)) >= inner.most_per_workspace {
            return Err(NoPlace::Workspace(inner.most_per_workspace));
        }
        if taken.all >= inner.most {
            return Err(NoPlace::Instance);
        }
        taken.all += 1;
        *taken.by_workspace.entry(workspace).or_default() += 1;
        *taken.by_caller.entry(who).or_default() += 1;
        drop(taken);
        inner.open.increment(1.0);
        Ok(Place {
            places: self.clone(),
            workspace,
            who,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        one_less(&mut taken.by_workspace, self.workspace);
        one_less(&mut taken.by_caller, self.who);
        drop(taken);
        self.places.0.open.decrement(1.0);
    }
}

fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Role, Scopes};
    use ulid::Ulid;

    fn caller(workspace: u128, user: Option<u128>, key: Option<u128>) -> Caller {
        Caller {
            workspace: WorkspaceId(Ulid(workspace)),
            user: user.map(|id| UserId(Ulid(id))),
            key: key.map(|id| KeyId(Ulid(id))),
            session: None,
            role: Role::Owner,
            scopes: Scopes::all(),
        }
    }

    #[test]
    fn places_are_bounded_by_caller_workspace_and_instance_and_given_back() {
        let places = Places::new(&config::Events {
            streams: 4,
            streams_per_workspace: 3,
            streams_per_caller: 2,
            ..config::Events::default()
        });
        let take = |caller| places.take(&caller);
        let refused = |caller| places.take(&caller).err();
        // One person with two keys is one caller; a key of nobody is another.
        let first = take(caller(1, Some(7), Some(1))).ok().unwrap();
        let _second = take(caller(1, Some(7), Some(2))).ok().unwrap();
        assert_eq!(refused(caller(1, Some(7), None)), Some(NoPlace::Caller(2)));
        let _third = take(caller(1, None, Some(3))).ok().unwrap();
        assert_eq!(
            refused(caller(1, None, Some(4))),
            Some(NoPlace::Workspace(3))
        );
        let _fourth = take(caller(2, Some(8), None)).ok().unwrap();
        assert_eq!(refused(caller(3, Some(9), None)), Some(NoPlace::Instance));
        drop(first);
        let again = take(caller(1, Some(7), None)).ok().unwrap();
        drop(again);
        let taken = places.taken();
        assert_eq!((taken.all, taken.by_caller.len()), (3, 3));
    }
}
