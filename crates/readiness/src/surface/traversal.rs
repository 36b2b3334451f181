//! Ways out of the folder that is served.

use std::path::Path;
use std::time::Duration;

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::operations::{self, Operation};
use super::{raw, unlimited, with_key};

/// Steps up, as proxies and programs have understood them at some time.
const UP: [&str; 9] = [
    "../",
    "%2e%2e/",
    "..%2f",
    "%2e%2e%2f",
    "..%5c",
    "....//",
    "..;/",
    "%252e%252e%252f",
    "%c0%ae%c0%ae/",
];
/// From a folder of pages to the root of most machines.
const DEPTHS: [usize; 2] = [2, 8];
/// Files that many machines have, and what shows them.
const KNOWN: [(&str, &str); 2] = [
    ("etc/passwd", "root:x:0:0:"),
    ("proc/self/environ", "PATH=/"),
];
/// A file that is put beside an instance's data, and what it says.
const PLANTED: (&str, &str) = ("aplomb-canary.txt", "this file was never served");
/// Times that one target is asked for where the system says that it is asked too often.
const MOST_AGAIN: usize = 5;
/// The name of an uploaded file that wants to lie elsewhere.
const ESCAPING: &str = "aplomb-escaped.txt";

/// `surface.traversal`.
pub(crate) struct Traversal;

impl Check for Traversal {
    fn about(&self) -> About {
        About {
            id: "surface.traversal",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "No path leads out of what is served",
                "Aucun chemin ne mène hors de ce qui est servi",
            ),
            what: Words::new(
                "Asks for files above the pages, the documentation and every documented path or text parameter, with `../` written in nine ways, and looks for a file planted beside the data and for `/etc/passwd`. Uploads a file whose name leads upwards and looks where it lies and what its download is called.",
                "Demande des fichiers situés au-dessus des pages, de la documentation et de chaque paramètre documenté, avec `../` écrit de neuf façons, et cherche un fichier placé à côté des données ainsi que `/etc/passwd`. Envoie un fichier dont le nom mène vers le haut, et regarde où il se trouve et comment s’appelle son téléchargement.",
            ),
            passes: Words::new(
                "no file's content, no answer of 5xx, no file elsewhere",
                "aucun contenu de fichier, aucune réponse 5xx, aucun fichier ailleurs",
            ),
            by_hand: Words::new(
                "curl -s --path-as-is 'http://localhost:8080/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd'",
                "curl -s --path-as-is 'http://localhost:8080/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd'",
            ),
            when_it_fails: Words::new(
                "First: a proxy in front serves files by itself from a folder, with an alias that lacks its closing slash. Second: a handler joins a name of the request to a folder: report it, and take the address out of service until it is mended.",
                "D’abord : un mandataire placé devant sert lui-même des fichiers d’un dossier, avec un alias auquel manque la barre finale. Ensuite : un traitement joint un nom venu de la requête à un dossier : signalez-le, et retirez l’adresse du service jusqu’à la correction.",
            ),
            weight: 5,
            is_required: true,
            disturbs: true,
            needs: &[Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let mut probe = Probe::default();
    if subject.ground.is_some() {
        let instance = subject.start(unlimited()).await?;
        let at = with_key(subject, instance.as_ref()).await?;
        for place in [instance.folder(), &instance.data()] {
            std::fs::write(place.join(PLANTED.0), PLANTED.1)?;
        }
        probe.all(&at).await?;
        probe.upload(&at, instance.folder()).await?;
    } else {
        probe.all(subject).await?;
    }
    let tried = probe.tried;
    let counted = Said::new(format!("{tried} requests"), format!("{tried} requêtes"));
    let required = Said::new(
        "no file's content, no 5xx, no file elsewhere",
        "aucun contenu de fichier, aucun 5xx, aucun fichier ailleurs",
    );
    Ok(Finding::of_faults(probe.faults, counted, required))
}

#[derive(Default)]
struct Probe {
    tried: usize,
    faults: Vec<String>,
}

impl Probe {
    async fn all(&mut self, at: &Subject) -> Result<(), Trouble> {
        let document = at.document.as_ref();
        let operations = document.map(operations::all).unwrap_or_default();
        let asked: Vec<_> = operations
            .iter()
            .filter(|own| own.method == Method::GET && !own.is_stream)
            .collect();
        for up in UP {
            for depth in DEPTHS {
                let files = KNOWN.iter().map(|(file, _)| *file).chain([PLANTED.0]);
                for file in files {
                    let climb = format!("{}{file}", up.repeat(depth));
                    for page in ["/", "/docs/", "/static/"] {
                        self.ask(at, &format!("{page}{climb}")).await?;
                    }
                    // The deep ones for parameters: a folder's depth is nobody's guess, and above the root is the root.
                    if depth == DEPTHS[1] && file != KNOWN[1].0 {
                        self.parameters(at, &asked, up, &climb).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn parameters(
        &mut self,
        at: &Subject,
        asked: &[&Operation],
        up: &str,
        climb: &str,
    ) -> Result<(), Trouble> {
        for operation in asked {
            for parameter in operation.parameters.iter().filter(|own| own.is_text) {
                // Plain dots in a query are sent as they are once; the other spellings are for paths.
                if !parameter.is_path && up != UP[0] {
                    continue;
                }
                let target = operation.address(Some((&parameter.name, climb)));
                self.ask(at, &target).await?;
            }
        }
        Ok(())
    }

    async fn ask(&mut self, at: &Subject, target: &str) -> Result<(), Trouble> {
        self.tried += 1;
        let Some(answer) = patient(at, target).await? else {
            return Ok(());
        };
        let text = answer.text();
        let shown = KNOWN.iter().chain([&PLANTED]);
        for (file, mark) in shown.filter(|(_, mark)| text.contains(mark)) {
            self.faults
                .push(format!("GET {target} shows {file} ({mark}…)"));
        }
        if answer.status.is_server_error() {
            let status = answer.status.as_u16();
            self.faults
                .push(format!("GET {target} is answered {status}"));
        }
        Ok(())
    }

    /// A file whose name leads upwards: where it lies, and what it is called when it comes back.
    async fn upload(&mut self, at: &Subject, folder: &Path) -> Result<(), Trouble> {
        let key = at.token.clone().unwrap_or_default();
        let name = operations::encoded(&format!("../../../{ESCAPING}"));
        let request = at
            .request(Method::POST, &format!("/api/v1/objects?name={name}"))
            .header("content-type", "application/octet-stream")
            .bearer_auth(&key)
            .body("climbing");
        let answer = Answer::to(request).await?;
        self.tried += 1;
        if answer.status.is_server_error() {
            let status = answer.status.as_u16();
            self.faults.push(format!(
                "a file named ../../../{ESCAPING} is answered {status}"
            ));
        }
        if answer.status == 201
            && let Some(id) = answer.json()?["id"].as_str()
        {
            let request = at
                .request(Method::GET, &format!("/api/v1/objects/{id}?download=true"))
                .bearer_auth(&key);
            let answer = Answer::to(request).await?;
            let called = answer.header("content-disposition").unwrap_or_default();
            if called.contains("..")
                || called.contains('/')
                || called.to_lowercase().contains("%2f")
            {
                self.faults
                    .push(format!("a download is called {called:?}: a path"));
            }
        }
        // Three steps up from where bytes are kept, and from where the server was started.
        for place in [folder.join("data"), folder.to_owned(), std::env::temp_dir()] {
            if place.join(ESCAPING).exists() {
                self.faults
                    .push(format!("an uploaded file lies at {}", place.display()));
            }
        }
        Ok(())
    }
}

/// The answer to a target exactly as it is written, once the system takes questions again.
async fn patient(at: &Subject, target: &str) -> Result<Option<Answer>, Trouble> {
    let token = at.token.as_deref();
    let Some(place) = raw::place(&at.base) else {
        // Over TLS a client tidies paths up: what is encoded to the last stays.
        let mut request = at.request(Method::GET, target);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        return Answer::to(request).await.map(Some);
    };
    let mut answer = None;
    for _ in 0..MOST_AGAIN {
        answer = raw::get(&place, target, token).await?;
        if answer.as_ref().is_none_or(|answer| answer.status != 429) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(answer)
}
