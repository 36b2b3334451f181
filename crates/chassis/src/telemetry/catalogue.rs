//! The list of metrics. Their HELP texts come from it, and `docs/operate/metrics.md` is a copy of it that a test keeps.

use std::borrow::Cow;

/// A metric as an operator reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, with its unit where it has one.
    pub name: Cow<'static, str>,
    /// What it is.
    pub kind: Kind,
    /// Labels, without those of buckets and quantiles.
    pub labels: &'static [&'static str],
    /// What its figures count.
    pub unit: &'static str,
    /// From when on it is there.
    pub since: Since,
    /// Its HELP text.
    pub meaning: &'static str,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Counts by upper bound.
    Histogram,
    /// Quantiles.
    Summary,
}

impl Kind {
    /// Its name in a `TYPE` line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// From when on a metric is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// As soon as the server is ready.
    Start,
    /// With the first answer.
    Request,
    /// With the first job.
    Job,
    /// Only where Redis is configured.
    Redis,
}

impl Since {
    /// Its words on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "the start",
            Self::Request => "the first answer",
            Self::Job => "the first job",
            Self::Redis => "the start, with Redis",
        }
    }
}

impl Metric {
    /// A counter.
    pub const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        unit: &'static str,
        since: Since,
        meaning: &'static str,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: Kind::Counter,
            labels,
            unit,
            since,
            meaning,
        }
    }

    /// The same as another kind.
    #[must_use]
    pub const fn as_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    unit: &'static str,
    since: Since,
    meaning: &'static str,
) -> Metric {
    Metric::counter(name, labels, unit, since, meaning)
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    unit: &'static str,
    since: Since,
    meaning: &'static str,
) -> Metric {
    Metric::counter(name, labels, unit, since, meaning).as_kind(Kind::Gauge)
}

const fn histogram(
    name: &'static str,
    labels: &'static [&'static str],
    since: Since,
    meaning: &'static str,
) -> Metric {
    Metric::counter(name, labels, "seconds", since, meaning).as_kind(Kind::Histogram)
}

/// The chassis' own.
#[rustfmt::skip]
pub const CHASSIS: &[Metric] = &[
    gauge("aplomb_build_info", &["version"], "1", Since::Start, "Always 1; the version is a label"),
    gauge("process_start_time_seconds", &[], "seconds since 1970", Since::Start, "When this process started, seconds since 1970"),
    gauge("process_resident_memory_bytes", &[], "bytes", Since::Start, "Memory in use by this process"),
    counter("http_requests_total", &["route", "status_code"], "answers", Since::Request, "Requests answered, by route and status"),
    histogram("http_request_duration_seconds", &["route"], Since::Start, "Time until an answer's head was ready, by route"),
    counter("limits_refused_total", &["limit"], "requests", Since::Start, "Requests over a limit, by limit"),
    counter("auth_sign_ins_total", &["outcome"], "attempts", Since::Start, "Attempts to sign in, by what came of them"),
    counter("auth_refresh_reuse_total", &[], "tokens", Since::Start, "Refresh tokens that came a second time and ended their sign-in"),
    histogram("data_commit_seconds", &[], Since::Start, "Time of one commit with its sync"),
    gauge("data_group_rows", &[], "writes", Since::Start, "Writes that shared one sync to disk").as_kind(Kind::Summary),
    counter("data_writes_rolled_back_total", &[], "writes", Since::Start, "Writes that failed and were rolled back"),
    counter("data_groups_lost_total", &[], "groups", Since::Start, "Groups of writes that could not be committed"),
    gauge("jobs_waiting", &["kind"], "jobs", Since::Start, "Jobs whose time has come and that wait for a place, by kind"),
    gauge("jobs_running", &[], "jobs", Since::Start, "Jobs that this process works on"),
    gauge("jobs_oldest_waiting_seconds", &[], "seconds", Since::Start, "How long the first of the waiting jobs has waited"),
    counter("jobs_finished_total", &["kind", "outcome"], "attempts", Since::Job, "Attempts that ended, by kind and outcome"),
    counter("jobs_taken_over_total", &[], "jobs", Since::Start, "Jobs whose worker had died"),
    histogram("job_duration_seconds", &["kind"], Since::Job, "Time of an attempt, by kind"),
    counter("events_published_total", &[], "events", Since::Start, "Events told on this instance"),
    gauge("events_streams", &[], "streams", Since::Start, "Live streams, of events and of jobs, open on this instance"),
    counter("events_streams_ended_total", &["reason"], "streams", Since::Start, "Live streams that this instance ended, by reason"),
    counter("events_resets_total", &[], "times", Since::Start, "Times a listener was told to read the state anew"),
    gauge("events_linked", &[], "0 or 1", Since::Redis, "1 while events cross instances through Redis"),
    counter("events_unshared_total", &[], "events", Since::Redis, "Events told on this instance alone although there is a Redis"),
    gauge("redis_up", &[], "0 or 1", Since::Redis, "1 while the shared Redis takes writes, 0 while this instance goes on without it"),
    counter("redis_failures_total", &[], "times", Since::Redis, "Times that the shared Redis went away"),
    counter("notify_deliveries_total", &["channel", "outcome"], "attempts", Since::Start, "Attempts at deliveries, by channel and what came of them"),
    counter("upstream_requests_total", &["upstream", "outcome"], "calls", Since::Start, "Calls to the outside, by upstream and what came of them"),
    gauge("upstream_breaker_state", &["upstream"], "0, 1 or 2", Since::Start, "Breaker of an upstream: 0 closed, 1 half-open, 2 open"),
];

/// What the chassis counts for a service under a first part of names of its own.
pub fn prefixed(prefix: &str) -> Vec<Metric> {
    let named = |metric: Metric, rest: &str| Metric {
        name: format!("{prefix}_{rest}").into(),
        ..metric
    };
    #[rustfmt::skip]
    let own = [
        (counter("", &["route"], "requests", Since::Start, "Requests to the service, by route"), "requests_total"),
        (counter("", &["route", "status_code"], "answers", Since::Request, "Answers of the service, by route and status"), "responses_total"),
        (counter("", &[], "answers", Since::Start, "Answers of the service of 400 and above"), "errors_total"),
        (gauge("", &[], "seconds", Since::Start, "Time since the server became ready"), "uptime_seconds"),
        (gauge("", &[], "0 or 1", Since::Start, "1 where none of the service's checks at the start failed"), "health_status"),
    ];
    own.map(|(metric, rest)| named(metric, rest)).into()
}

/// Gives them their HELP texts, and makes counters known at 0 that have no labels and need nothing: an alert then need not take an
/// absent one for 0.
pub fn announce(list: &[Metric]) {
    for metric in list {
        let name = metric.name.to_string();
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(name, metric.meaning),
            Kind::Gauge => metrics::describe_gauge!(name, metric.meaning),
            Kind::Histogram | Kind::Summary => metrics::describe_histogram!(name, metric.meaning),
        }
        let is_there = metric.since == Since::Start && metric.labels.is_empty();
        if metric.kind == Kind::Counter && is_there {
            metrics::counter!(metric.name.to_string()).increment(0);
        }
    }
}
