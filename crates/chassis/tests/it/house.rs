//! A whole house for a test: port 0, its own database and folder, a small service that misbehaves
//! on request.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use chassis::auth::keys::{self, NewKey};
use chassis::auth::{self, Auth, Caller, Post};
use chassis::clock::{Clock, SystemClock};
use chassis::config::{self, ConfigFile, DatabaseUrl, Override, Sources};
use chassis::data::Database;
use chassis::house::{House, HouseFault, Services};
use chassis::http::console::Console;
use chassis::http::problem::Problem;
use chassis::http::server::Drain;
use chassis::i18n::Messages;
use chassis::service::{Context, Service};
use http::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{HttpMethod, OpenApi, OpenApiBuilder, Paths};
use utoipa_axum::router::OpenApiRouter;

use crate::data::place::Place;

/// Routes that do what hostile or unlucky requests meet.
struct Trouble;

impl Service for Trouble {
    fn name(&self) -> &'static str {
        "trouble"
    }

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            english: r#"{"trouble.about":"t"}"#,
            french: r#"{"trouble.about":"t"}"#,
        })
    }

    fn routes(&self) -> OpenApiRouter<Arc<Context>> {
        OpenApiRouter::with_openapi(documented())
            .route(
                "/echo",
                post(|Json(body): Json<serde_json::Value>| async move { Json(body) }),
            )
            .route("/tell", post(tell))
            .route("/panic", get(|| async { panic!("on request") as () }))
            .route(
                "/slow",
                get(|| async {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    "late"
                }),
            )
            .route("/text", get(|| async { "line of text\n".repeat(1000) }))
            .route(
                "/teapot",
                get(|| async { StatusCode::IM_A_TEAPOT.into_response() }),
            )
            .route(
                "/conflict",
                get(|| async { Problem::new(StatusCode::CONFLICT, "data.unique").into_response() }),
            )
    }
}

/// The document of those routes: what is under `/api/` and not documented does not answer.
fn documented() -> OpenApi {
    let routes = [
        ("/echo", HttpMethod::Post, "public"),
        ("/tell", HttpMethod::Post, "trouble:write"),
        ("/panic", HttpMethod::Get, "public"),
        ("/slow", HttpMethod::Get, "public"),
        ("/text", HttpMethod::Get, "public"),
        ("/teapot", HttpMethod::Get, "public"),
        ("/conflict", HttpMethod::Get, "public"),
    ];
    let mut paths = Paths::new();
    for (path, method, access) in routes {
        let stated = Extensions::builder().add("x-access", access).build();
        let operation = Operation::builder().extensions(Some(stated)).build();
        paths.add_path_operation(path, vec![method], operation);
    }
    OpenApiBuilder::new().paths(paths).build()
}

/// Tells an event of the caller's workspace.
async fn tell(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json((subject, data)): Json<(String, serde_json::Value)>,
) {
    let kind = if subject.starts_with("job") {
        "jobs.progress"
    } else {
        "trouble.told"
    };
    context
        .events
        .publish(caller.workspace, kind, &subject, data);
}

/// What is to be started.
pub(crate) struct Builder {
    settings: Vec<(&'static str, String)>,
    clock: Arc<dyn Clock>,
    post: Option<Arc<dyn Post>>,
    console: Console,
}

/// A running house.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) log: Log,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<Drain, HouseFault>>,
    pub(crate) data: config::Data,
    clock: Arc<dyn Clock>,
    pub(crate) auth: Auth,
    folder: TempDir,
}

/// Access log lines, kept.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A client over the one TLS stack.
pub(crate) fn client() -> reqwest::Client {
    chassis::tls::install();
    reqwest::Client::new()
}

/// A house with limits off and JSON logs.
pub(crate) fn house() -> Builder {
    Builder {
        settings: Vec::new(),
        clock: Arc::new(SystemClock),
        post: None,
        console: Console::none(),
    }
    .set("limits.anonymous_per_minute", "0")
    .set("telemetry.log_format", "json")
}

impl Builder {
    pub(crate) fn set(mut self, key: &'static str, value: impl ToString) -> Self {
        self.settings.retain(|(earlier, _)| *earlier != key);
        self.settings.push((key, value.to_string()));
        self
    }

    /// On the database and the clock of a place. Houses at one PostgreSQL place share it.
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.clock = place.clock.clone();
        match &place.config.url {
            Some(DatabaseUrl::Postgres(url)) => self.set("data.url", url.expose()),
            _ => self,
        }
    }

    /// With mail that goes to a test.
    pub(crate) fn post(mut self, post: Arc<dyn Post>) -> Self {
        self.post = Some(post);
        self
    }

    /// With a console.
    pub(crate) fn console(mut self, console: Console) -> Self {
        self.console = console;
        self
    }

    /// Starts what is expected to be refused, and gives the reason.
    pub(crate) async fn refused(self) -> String {
        match self.open(&TempDir::new().unwrap(), Log::default()).await.0 {
            Ok(_) => panic!("it started"),
            Err(fault) => fault.to_string(),
        }
    }

    pub(crate) async fn start(self) -> Running {
        let folder = TempDir::new().unwrap();
        let log = Log::default();
        let (clock, post) = (self.clock.clone(), self.post.clone());
        let (house, data) = self.open(&folder, log.clone()).await;
        let house = house.unwrap();
        let auth = house.auth().clone();
        if let Some(post) = post {
            auth.deliver_by(post);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = chassis::task::spawn(house.serve(listener, async {
            let _ = stopped.await;
        }));
        Running {
            address,
            client: client(),
            log,
            stop: Some(stop),
            served,
            data,
            clock,
            auth,
            folder,
        }
    }

    async fn open(self, folder: &TempDir, log: Log) -> (Result<House, HouseFault>, config::Data) {
        let services: Services = vec![Arc::new(Trouble)];
        let mut flags = vec![Override::new(
            "--data",
            "data.folder",
            folder.path().join("data").to_str().unwrap(),
        )];
        flags.extend(
            self.settings
                .into_iter()
                .map(|(key, value)| Override::new("test", key, value)),
        );
        let sources = Sources {
            file: ConfigFile::None,
            environment: Vec::new(),
            flags,
            sections: Vec::new(),
            services: vec!["trouble"],
        };
        let config = config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"));
        let data = config.data.clone();
        (
            House::open_with(&services, config, self.clock, log, self.console).await,
            data,
        )
    }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// A key of the home workspace, made as the command line makes one: beside the running server.
    pub(crate) async fn key(&self, scopes: &str) -> String {
        let database = self.database().await;
        let new = NewKey {
            workspace: auth::home_workspace(&database).await.unwrap(),
            user: None,
            name: "test".to_owned(),
            scopes: scopes.parse().unwrap(),
            expires_at: None,
        };
        let (_, secret) = keys::create(&database, new).await.unwrap();
        secret.expose().to_owned()
    }

    /// Where it keeps its data.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A key of a workspace made for it.
    pub(crate) async fn key_of_another_workspace(&self, scopes: &str) -> String {
        let database = self.database().await;
        let workspace = auth::WorkspaceId::generate(database.clock());
        let made = format!(
            "INSERT INTO workspace (id, name, plan, created_at) VALUES ('{workspace}', 'x', 'standard', '2100-01-01T00:00:00.000Z')"
        );
        database
            .write(|tx| {
                Box::pin(async move {
                    use sea_orm::ConnectionTrait;
                    tx.execute_unprepared(&made).await?;
                    Ok::<_, chassis::data::DataError>(())
                })
            })
            .await
            .unwrap();
        let new = NewKey {
            workspace,
            user: None,
            name: "other".to_owned(),
            scopes: scopes.parse().unwrap(),
            expires_at: None,
        };
        let (_, secret) = keys::create(&database, new).await.unwrap();
        secret.expose().to_owned()
    }

    /// A second opening of its database.
    pub(crate) async fn database(&self) -> Database {
        Database::open(&self.data, self.clock.clone())
            .await
            .unwrap()
    }

    /// Asks it to stop, without waiting.
    pub(crate) fn ask_to_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until it has ended, after [`Running::ask_to_stop`] or by stopping it now.
    pub(crate) async fn stopped(mut self) -> Drain {
        if self.stop.is_some() {
            self.ask_to_stop();
        }
        drop(self.client);
        self.served.await.unwrap().unwrap()
    }
}
