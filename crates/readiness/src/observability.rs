//! It can be watched.

pub(crate) mod documented;
pub(crate) mod health;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod request_id;

use chassis::check::{Answer, Method, Subject, Trouble};

use crate::prometheus::{self, Exposition, Fault};

/// Asks for `/metrics`.
async fn ask(subject: &Subject, token: Option<&str>) -> Result<Answer, Trouble> {
    let request = subject.request(Method::GET, "/metrics");
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    Answer::to(request).await
}

/// A scrape that must succeed; its faults are told in one line.
async fn scrape(subject: &Subject) -> Result<Exposition, Trouble> {
    let answer = ask(subject, None).await?;
    if answer.status != 200 {
        return Err(Trouble::broke(format!(
            "/metrics answers {}",
            answer.status.as_u16()
        )));
    }
    prometheus::parse(&answer.text()).map_err(|faults| {
        let first = faults.iter().take(3).map(Fault::to_string);
        let first = first.collect::<Vec<_>>().join("; ");
        Trouble::broke(format!("/metrics cannot be read: {first}"))
    })
}
