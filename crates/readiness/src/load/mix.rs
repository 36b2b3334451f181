//! What requests are: a weighted mixture of kinds, the same at every run.

use bytes::Bytes;
use chassis::check::Trouble;
use chassis::check::scenario::LoadRequest;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;

use super::schedule::scattered;

/// More weight than this in sum would make the order of kinds needlessly long.
const MOST_WEIGHT: u32 = 100_000;

/// A mixture of kinds of requests.
#[derive(Clone, Debug)]
pub struct Mix {
    kinds: Vec<Kind>,
    /// Each kind as often as it weighs, shuffled, so that kinds come evenly and always in the same order.
    order: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Kind {
    request: LoadRequest,
    headers: HeaderMap,
}

impl Mix {
    /// Of kinds, for the host and with the key that are named.
    pub fn new(kinds: &[LoadRequest], host: &str, key: Option<&str>) -> Result<Self, Trouble> {
        let mut order = Vec::new();
        for (number, kind) in kinds.iter().enumerate() {
            if order.len() + kind.weight as usize > MOST_WEIGHT as usize {
                return Err(Trouble::broke("the scenario's weights are too great"));
            }
            order.extend(std::iter::repeat_n(number, kind.weight as usize));
        }
        if order.is_empty() {
            return Err(Trouble::broke("the scenario asks for nothing"));
        }
        for last in (1..order.len()).rev() {
            let other = scattered(last as u64) % (last as u64 + 1);
            order.swap(last, other as usize);
        }
        let with_headers = |request: &LoadRequest| {
            Ok(Kind {
                headers: headers(request, host, key)?,
                request: request.clone(),
            })
        };
        let kinds: Result<_, Trouble> = kinds.iter().map(with_headers).collect();
        Ok(Self {
            kinds: kinds?,
            order,
        })
    }

    /// One kind alone: an address.
    pub fn one(path: &str, host: &str) -> Result<Self, Trouble> {
        let kind = LoadRequest::get("get", 1, path).without_key();
        Self::new(&[kind], host, None)
    }

    /// How many kinds there are.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Never: a mixture has at least one.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kind that a request of this number is of.
    pub fn kind_of(&self, number: u64) -> usize {
        self.order[(number % self.order.len() as u64) as usize]
    }

    /// What a kind is.
    pub fn request(&self, kind: usize) -> &LoadRequest {
        &self.kinds[kind].request
    }

    /// The request of a number.
    pub fn render(&self, number: u64) -> Result<Request<Full<Bytes>>, Trouble> {
        let kind = &self.kinds[self.kind_of(number)];
        let path = filled(&kind.request.path, &kind.request.values, number);
        let uri: Uri = path
            .parse()
            .map_err(|fault| Trouble::broke(format!("{path} is no address: {fault}")))?;
        let body = kind.request.body.as_ref();
        let body = body.map(|body| filled(body, &kind.request.values, number));
        let mut request = Request::new(Full::new(Bytes::from(body.unwrap_or_default())));
        *request.method_mut() = kind.request.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = kind.headers.clone();
        Ok(request)
    }
}

fn headers(request: &LoadRequest, host: &str, key: Option<&str>) -> Result<HeaderMap, Trouble> {
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &str| {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(Trouble::broke("the scenario has a header that is none"));
        };
        headers.insert(name, value);
        Ok(())
    };
    put("host", host)?;
    put("user-agent", "aplomb-prove")?;
    if let (true, Some(key)) = (request.has_key, key) {
        put("authorization", &format!("Bearer {key}"))?;
    }
    for (name, value) in &request.headers {
        put(name, value)?;
    }
    Ok(headers)
}

/// A template with its names replaced. Each name has a turn of its own, so that all combinations come.
fn filled(template: &str, values: &[(&'static str, Vec<String>)], number: u64) -> String {
    let mut text = template.replace("{number}", &number.to_string());
    for (place, (name, values)) in values.iter().enumerate() {
        let chosen = scattered(number ^ (place as u64 + 1) << 48) % values.len().max(1) as u64;
        if let Some(value) = values.get(chosen as usize) {
            text = text.replace(&format!("{{{name}}}"), value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn mix() -> Mix {
        let kinds = [
            LoadRequest::get("mark", 30, "/mark/{family}/{emotion}.svg?seed={number}")
                .with("family", ["orbit", "halo", "petal"])
                .with("emotion", ["power", "mystery"]),
            LoadRequest::post(
                "generate",
                10,
                "/generate",
                r#"{"generator":"{family}","a":{"b":{number}}}"#,
            )
            .with("family", ["orbit"]),
        ];
        Mix::new(&kinds, "127.0.0.1:1", Some("secret")).unwrap()
    }

    #[test]
    fn kinds_come_by_their_weight_and_evenly() {
        let mix = mix();
        let generated = (0..4_000).filter(|n| mix.kind_of(*n) == 1).count();
        assert_eq!(generated, 1_000);
        let longest = (0..40_u64)
            .map(|from| (from..4_000).take_while(|n| mix.kind_of(*n) == 0).count())
            .max();
        assert!(longest < Some(25), "{longest:?}");
    }

    #[test]
    fn names_in_templates_become_values_and_other_braces_stay() {
        let mix = mix();
        let paths: BTreeSet<_> = (0..400)
            .filter(|n| mix.kind_of(*n) == 0)
            .map(|n| mix.render(n).unwrap().uri().path().to_owned())
            .collect();
        assert_eq!(paths.len(), 6, "{paths:?}");
        let number = (0..4_000).find(|n| mix.kind_of(*n) == 1).unwrap();
        let request = mix.render(number).unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer secret");
        assert_eq!(request.headers()["content-type"], "application/json");
        let body = format!("{:?}", request.body());
        assert!(body.contains("orbit") && body.contains("}}"), "{body}");
    }

    #[test]
    fn a_scenario_without_weight_is_refused() {
        let kinds = [LoadRequest::get("nothing", 0, "/")];
        assert!(Mix::new(&kinds, "h", None).is_err());
    }
}
