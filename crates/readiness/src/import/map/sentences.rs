//! Lines as teams write them, in both languages, with the check that measures what each says.

use super::super::words::{fold, tokens};
use super::{Known, checks};

/// English, French, and the check.
const SENTENCES: [(&str, &str, &str); 40] = [
    (
        "Passwords are hashed",
        "Les mots de passe sont hachés",
        "access.password_hashing",
    ),
    (
        "Passwords are never stored in plain text",
        "Les mots de passe ne sont jamais stockés en clair",
        "access.password_hashing",
    ),
    (
        "Accounts are locked after five failed logins",
        "Les comptes sont bloqués après cinq échecs de connexion",
        "access.lockout",
    ),
    (
        "Brute-force protection on the login page",
        "Protection contre la force brute sur la page de connexion",
        "access.lockout",
    ),
    (
        "Every endpoint requires authentication",
        "Toutes les routes exigent d’être authentifié",
        "access.matrix",
    ),
    (
        "Users only see their own data",
        "Un utilisateur ne voit que ses propres données",
        "access.matrix",
    ),
    (
        "Access rights are checked on the server",
        "Les droits d’accès sont vérifiés côté serveur",
        "access.matrix",
    ),
    (
        "All API routes are documented",
        "Toutes les routes de l’API sont documentées",
        "access.undocumented",
    ),
    (
        "The session is renewed at each login",
        "La session est renouvelée à chaque connexion",
        "access.session_fixation",
    ),
    (
        "Protection against CSRF attacks",
        "Protection contre les attaques CSRF",
        "access.csrf",
    ),
    (
        "CORS is restricted to our domains",
        "CORS restreint à nos domaines",
        "access.cors",
    ),
    (
        "Sessions are invalidated on logout",
        "Les sessions sont invalidées à la déconnexion",
        "access.revocation",
    ),
    (
        "API keys can be revoked",
        "Les clés d’API peuvent être révoquées",
        "access.revocation",
    ),
    (
        "Security headers",
        "En-têtes de sécurité",
        "surface.headers",
    ),
    (
        "A content security policy is in place",
        "Politique de sécurité du contenu en place",
        "surface.headers",
    ),
    ("Secure cookies", "Cookies sécurisés", "surface.cookies"),
    (
        "Traffic is encrypted with TLS 1.3",
        "Les échanges sont chiffrés en TLS 1.3",
        "surface.tls",
    ),
    (
        "HTTP is redirected to HTTPS",
        "Le HTTP est redirigé vers HTTPS",
        "surface.redirect",
    ),
    (
        "Request bodies are limited to 1 MB",
        "La taille des requêtes est limitée à 1 Mo",
        "surface.body_limit",
    ),
    (
        "Slow clients are disconnected",
        "Les clients lents sont déconnectés",
        "surface.slow_loris",
    ),
    (
        "User input is validated",
        "Les entrées des utilisateurs sont validées",
        "surface.injection",
    ),
    (
        "Protected against SQL injection",
        "Protégé contre les injections SQL",
        "surface.injection",
    ),
    (
        "Errors reveal no internal details",
        "Les erreurs ne révèlent aucun détail interne",
        "surface.error_bodies",
    ),
    (
        "No secrets in the logs",
        "Aucun secret dans les journaux",
        "surface.canaries",
    ),
    (
        "Rate limiting is enabled",
        "Limitation de débit activée",
        "limits.per_address",
    ),
    (
        "Requests per minute are capped",
        "Le nombre de requêtes par minute est plafonné",
        "limits.per_address",
    ),
    (
        "Each user has an hourly quota",
        "Chaque utilisateur a un quota horaire",
        "limits.per_user",
    ),
    (
        "No data is lost when the server crashes",
        "Aucune donnée n’est perdue quand le serveur plante",
        "durability.kill_writes",
    ),
    (
        "Background jobs are retried",
        "Les tâches de fond sont relancées",
        "durability.queue",
    ),
    ("Graceful shutdown", "Arrêt propre", "durability.restart"),
    (
        "A full disk is reported",
        "Un disque plein est signalé",
        "durability.disk_full",
    ),
    (
        "The application handles 1,000 requests per second",
        "L’application supporte 1 000 requêtes par seconde",
        "load.objectives",
    ),
    (
        "Response time below 200 ms",
        "Temps de réponse inférieur à 200 ms",
        "load.objectives",
    ),
    (
        "No memory leak after 24 hours",
        "Aucune fuite de mémoire après 24 heures",
        "load.soak",
    ),
    (
        "Memory use stays below 512 MB",
        "La mémoire utilisée reste sous 512 Mo",
        "load.cost",
    ),
    (
        "Keeps answering when Redis is down",
        "Continue de répondre quand Redis est en panne",
        "degradation.cache",
    ),
    (
        "Prometheus metrics are exposed",
        "Métriques Prometheus exposées",
        "observability.metrics",
    ),
    (
        "Structured logs",
        "Journaux structurés",
        "observability.logs",
    ),
    (
        "Health checks for the orchestrator",
        "Sondes de vivacité pour l’orchestrateur",
        "observability.health",
    ),
    (
        "Dependencies have no known vulnerabilities",
        "Aucune vulnérabilité connue dans les dépendances",
        "supply.advisories",
    ),
];

/// Lines that no check measures, though some share words with one that does.
const OTHERS: [&str; 20] = [
    "Interface traduite en français",
    "Paiement par carte disponible",
    // No check of the list restores a backup.
    "Les sauvegardes sont testées",
    "Page de connexion redessinée",
    "Le budget est validé par la direction",
    "Compression des images sans perte",
    "Les limites du projet sont connues",
    "Arrêt du projet pilote",
    "Redirection des appels vers le standard",
    "Sondes de température installées",
    "Le service client répond en moins d’un jour",
    "La documentation pour les utilisateurs est rédigée",
    "The new logo is online",
    "Team meetings are limited to an hour",
    "Card payment works",
    "User guide written",
    "The old office is shut down",
    "Invoices are exported as PDF",
    "Restored the old colours",
    "Customers like the new page",
];

fn of(text: &str, known: &[Known]) -> String {
    let folded = fold(text);
    let found = checks(&tokens(&folded), known);
    let ids: Vec<&str> = found.iter().map(|check| check.id.as_str()).collect();
    ids.join(" ")
}

#[test]
fn ordinary_lines_of_both_languages_find_their_check_and_others_none() {
    let known: Vec<Known> = crate::checks::all()
        .iter()
        .map(|check| {
            let about = check.about();
            Known::new(about.id, about.title.english, about.title.french)
        })
        .collect();
    let mut wrong = Vec::new();
    let wanted = SENTENCES
        .iter()
        .flat_map(|(english, french, id)| [(*english, *id), (*french, *id)]);
    for (text, id) in wanted.chain(OTHERS.iter().map(|text| (*text, ""))) {
        let found = of(text, &known);
        if found != id {
            wrong.push(format!("{text}: {found:?} and not {id:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}
