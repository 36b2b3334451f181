//! What a service is asked under load: its part of the mixed traffic that drills send.

use http::Method;

use crate::house::Services;

/// One kind of request of a load, and how often it comes.
///
/// Path and body are templates: `{name}` becomes one of the values given by [`LoadRequest::with`], and `{number}` the request's
/// number, so that each differs from the others. Braces around other words stay as they are, so JSON can be written plainly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadRequest {
    /// What it is in reports: `luna.mark`.
    pub name: &'static str,
    /// Its share: over the sum of all weights.
    pub weight: u32,
    /// The method.
    pub method: Method,
    /// The path's template, with its query.
    pub path: String,
    /// What may stand for the names in the templates.
    pub values: Vec<(&'static str, Vec<String>)>,
    /// Headers beside those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// The body's template.
    pub body: Option<String>,
    /// Whether the caller shows its key.
    pub has_key: bool,
    /// The status that is expected.
    pub status: u16,
}

impl LoadRequest {
    /// A request without a body, with a key, that is answered 200.
    pub fn get(name: &'static str, weight: u32, path: &str) -> Self {
        Self {
            name,
            weight,
            method: Method::GET,
            path: path.to_owned(),
            values: Vec::new(),
            headers: Vec::new(),
            body: None,
            has_key: true,
            status: 200,
        }
    }

    /// A request with a JSON body and a key that is answered 200.
    pub fn post(name: &'static str, weight: u32, path: &str, body: &str) -> Self {
        Self {
            method: Method::POST,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Some(body.to_owned()),
            ..Self::get(name, weight, path)
        }
    }

    /// What may stand for `{name}` in the templates.
    #[must_use]
    pub fn with<S: Into<String>>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.values.push((name, values));
        self
    }

    /// Sent as somebody unknown.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.has_key = false;
        self
    }

    /// Another status than 200 is expected.
    #[must_use]
    pub fn expects(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// The traffic of a house: the chassis' own part and that of each service.
pub fn of(services: &Services) -> Vec<LoadRequest> {
    let services = services.iter().flat_map(|service| service.load_scenario());
    own().into_iter().chain(services).collect()
}

/// The chassis' own part: whether it lives, who asks, and the two lists that pages show.
pub fn own() -> Vec<LoadRequest> {
    vec![
        LoadRequest::get("livez", 5, "/livez").without_key(),
        LoadRequest::get("auth: me", 15, "/api/v1/auth/me"),
        LoadRequest::get("jobs", 5, "/api/v1/jobs"),
        LoadRequest::get("keys", 5, "/api/v1/keys"),
    ]
}
