//! Kill drills: the real binary on a place of its own, work brought to it, SIGKILL at random moments, and the count at the
//! end. A drill of a service brings its own work ([`Drill::round`] takes it) and counts its own tables ([`Place::count`]).

pub(crate) mod place;
mod server;

pub(crate) use place::Place;
pub(crate) use server::{Server, key};

use std::time::{Duration, Instant};

/// A few processes on one place, killed in turn.
pub(crate) struct Drill {
    pub(crate) place: Place,
    servers: Vec<Server>,
    random: Random,
    turn: usize,
    /// How often one was killed.
    pub(crate) kills: u32,
}

impl Drill {
    /// Starts `processes` on `place`. The seed stands in the output: the same seed gives the same moments.
    pub(crate) fn start(place: Place, processes: usize) -> Self {
        let random = Random::seeded();
        let servers = (0..processes).map(|_| Server::start(&place)).collect();
        Self {
            place,
            servers,
            random,
            turn: 0,
            kills: 0,
        }
    }

    /// Addresses of the processes, which may be dead or not ready at any moment.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers
            .iter()
            .map(|server| server.url.clone())
            .collect()
    }

    /// Lets `work` go on for a random time, kills the process whose turn it is, and starts it anew. The time begins with
    /// the last start, so that some kills fall into that.
    pub(crate) async fn round(&mut self, work: impl AsyncFnOnce(Vec<String>, Instant)) {
        let moment = Instant::now() + Duration::from_millis(self.random.between(50, 1_500));
        work(self.urls(), moment).await;
        tokio::time::sleep_until(moment.into()).await;
        let server = &mut self.servers[self.turn];
        server.kill();
        self.kills += 1;
        *server = Server::start(&self.place);
        self.turn = (self.turn + 1) % self.servers.len();
    }

    /// Kills all that run, and gives the place back to be closed.
    pub(crate) async fn close(self) {
        drop(self.servers);
        self.place.close().await;
    }

    /// The first process, once all of them answer.
    pub(crate) async fn ready(&self) -> String {
        for server in &self.servers {
            server.ready().await;
        }
        self.servers[0].url.clone()
    }
}

/// How many kills: `KILLS`, or few enough for every day.
pub(crate) fn kills() -> u32 {
    std::env::var("KILLS").map_or(8, |text| text.parse().expect("KILLS is a number"))
}

/// Marsaglia's xorshift64: moments need no better.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let given = std::env::var("SEED")
            .ok()
            .and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1);
        eprintln!("kill drill: SEED={seed}");
        Self(seed)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }
}
