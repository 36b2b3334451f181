//! The real binary, broken on purpose: by a proxy in front of it, by its settings, in its files, in its log.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use chassis::check::ground::{Ground, Instance, Outcome, Wishes};
use chassis::check::{Evidence, Origin, Pace, Reach, Subject, Trouble};
use futures_util::FutureExt;
use readiness::ground::Own;
use readiness::runner;
use readiness::settings::Settings;

/// A request as a fault sees it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where the server itself answers, behind the proxy: `http://127.0.0.1:PORT`.
    pub(crate) server: String,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }
}

/// An answer as a fault may change it.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
    }
}

type Before = Arc<dyn Fn(&mut Asked) -> Option<Answered> + Send + Sync>;
type After = Arc<dyn Fn(&Asked, &mut Answered) + Send + Sync>;
type OnFiles = Arc<dyn Fn(&Path) + Send + Sync>;
type OnLog = Arc<dyn Fn(String) -> String + Send + Sync>;
type OnWishes = Arc<dyn Fn(Wishes) -> Wishes + Send + Sync>;

/// What is broken. The parts add up.
#[derive(Clone, Default)]
pub(crate) struct Fault {
    before: Option<Before>,
    after: Option<After>,
    down: Option<OnFiles>,
    log: Option<OnLog>,
    wishes: Option<OnWishes>,
    direct: bool,
}

impl Fault {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The proxy answers itself, or changes the request that it passes on.
    pub(crate) fn ask(
        mut self,
        f: impl Fn(&mut Asked) -> Option<Answered> + Send + Sync + 'static,
    ) -> Self {
        self.before = Some(Arc::new(f));
        self
    }

    /// The proxy changes the answer.
    pub(crate) fn change(
        mut self,
        f: impl Fn(&Asked, &mut Answered) + Send + Sync + 'static,
    ) -> Self {
        self.after = Some(Arc::new(f));
        self
    }

    /// Something happens to the data folder whenever the server is down after a kill or a stop.
    pub(crate) fn down(mut self, f: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        self.down = Some(Arc::new(f));
        self
    }

    /// The log says something else.
    pub(crate) fn log(mut self, f: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(f));
        self
    }

    /// The server is started otherwise than the check wished.
    pub(crate) fn wishes(mut self, f: impl Fn(Wishes) -> Wishes + Send + Sync + 'static) -> Self {
        let earlier = self.wishes.take();
        self.wishes = Some(Arc::new(move |wishes| match &earlier {
            Some(earlier) => f(earlier(wishes)),
            None => f(wishes),
        }));
        self
    }

    /// No proxy stands in front: for faults of settings that a proxy would hide, or bring about itself.
    pub(crate) fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// One setting is other than the check wished.
    pub(crate) fn set(self, key: &'static str, value: &'static str) -> Self {
        self.wishes(move |wishes| wishes.set(key, value))
    }
}

/// Runs a check on the real binary, sound or broken.
pub(crate) async fn run(check: &str, fault: Option<Fault>) -> Evidence {
    let check = super::checks()
        .into_iter()
        .find(|own| own.about().id == check)
        .unwrap_or_else(|| panic!("there is no check `{check}`"));
    let ground = ground(fault);
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0);
    let stage = ground.start(wishes).await.unwrap();
    let mut subject = Subject::new(&stage.base(), Pace::Quick, Reach::Own).unwrap();
    subject.token = Some(readiness::actors::key(stage.as_ref(), "*").await.unwrap());
    subject.document = subject.get("/api/openapi.json").await.unwrap().json().ok();
    subject.ground = Some(ground);
    subject.scenario = super::scenario();
    runner::run_one(check, &subject, &Origin::default()).await
}

/// Where instances come from: the real binary, sound or broken.
pub(crate) fn ground(fault: Option<Fault>) -> Arc<dyn Ground> {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_aplomb"));
    let own = Own::new(binary, Settings::default());
    match fault {
        Some(fault) => Arc::new(Sabotaged { own, fault }),
        None => Arc::new(own),
    }
}

struct Sabotaged {
    own: Own,
    fault: Fault,
}

impl Ground for Sabotaged {
    fn start(&self, wishes: Wishes) -> Outcome<'_, Box<dyn Instance>> {
        async move {
            // The proxy says who asks, as a proxy does; the server believes it.
            let mut wishes = wishes.set("http.trusted_proxies", "127.0.0.1");
            if let Some(change) = &self.fault.wishes {
                wishes = change(wishes);
            }
            let inner = self.own.start(wishes).await?;
            if self.fault.direct {
                return Ok(inner);
            }
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let base = format!("http://{}", listener.local_addr()?);
            let proxy = Arc::new(Proxy {
                to: inner.base(),
                fault: self.fault.clone(),
                client: reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .build()?,
            });
            let app = axum::Router::new().fallback(
                move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request<Body>| {
                    let proxy = proxy.clone();
                    async move { Ok::<_, Infallible>(proxy.pass(peer, request).await) }
                },
            );
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            let task = chassis::task::spawn(async move {
                axum::serve(listener, app).await.unwrap();
            });
            Ok(Box::new(Broken {
                inner,
                base,
                fault: self.fault.clone(),
                task,
            }) as Box<dyn Instance>)
        }
        .boxed()
    }
}

struct Proxy {
    to: String,
    fault: Fault,
    client: reqwest::Client,
}

impl Proxy {
    async fn pass(&self, peer: SocketAddr, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap_or_default();
        let mut asked = Asked {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            server: self.to.clone(),
        };
        if let Some(before) = &self.fault.before
            && let Some(answered) = before(&mut asked)
        {
            return written(answered);
        }
        let target = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = asked.headers.clone();
        headers.remove("content-length");
        headers.remove("expect");
        headers.append("x-forwarded-for", peer.ip().to_string().parse().unwrap());
        let request = self
            .client
            .request(asked.method.clone(), format!("{}{target}", self.to))
            .headers(headers)
            .body(asked.body.clone());
        let Ok(response) = request.send().await else {
            // A real proxy says 502; the server is down or closed the connection.
            return written(Answered::new(502, "no answer from the server"));
        };
        let is_stream = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let (status, headers) = (response.status(), response.headers().clone());
        if is_stream {
            let mut out = Response::new(Body::from_stream(response.bytes_stream()));
            *out.status_mut() = status;
            *out.headers_mut() = headers;
            return out;
        }
        let mut answered = Answered {
            status,
            headers,
            body: response.bytes().await.unwrap_or_default(),
        };
        if let Some(after) = &self.fault.after {
            after(&asked, &mut answered);
        }
        written(answered)
    }
}

fn written(mut answered: Answered) -> Response<Body> {
    answered.headers.remove("content-length");
    answered.headers.remove("transfer-encoding");
    answered.headers.remove("connection");
    let mut out = Response::new(Body::from(answered.body));
    *out.status_mut() = answered.status;
    *out.headers_mut() = answered.headers;
    out
}

struct Broken {
    inner: Box<dyn Instance>,
    base: String,
    fault: Fault,
    task: tokio::task::JoinHandle<()>,
}

impl Broken {
    fn tamper(&self) {
        if let Some(down) = &self.fault.down {
            down(&self.inner.data());
        }
    }
}

impl Instance for Broken {
    fn base(&self) -> String {
        self.base.clone()
    }

    fn folder(&self) -> &Path {
        self.inner.folder()
    }

    fn log(&self) -> String {
        let log = self.inner.log();
        match &self.fault.log {
            Some(change) => change(log),
            None => log,
        }
    }

    fn pid(&self) -> Option<u32> {
        self.inner.pid()
    }

    fn kill(&self) -> Outcome<'_, ()> {
        async move {
            self.inner.kill().await?;
            self.tamper();
            Ok(())
        }
        .boxed()
    }

    fn stop(&self) -> Outcome<'_, Duration> {
        async move {
            let took = self.inner.stop().await?;
            self.tamper();
            Ok::<_, Trouble>(took)
        }
        .boxed()
    }

    fn start(&self) -> Outcome<'_, Duration> {
        self.inner.start()
    }

    fn run<'a>(&'a self, arguments: &'a [&'a str], input: &'a str) -> Outcome<'a, String> {
        self.inner.run(arguments, input)
    }

    fn tool<'a>(&'a self, arguments: &'a [&'a str]) -> Outcome<'a, String> {
        self.inner.tool(arguments)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.task.abort();
    }
}
