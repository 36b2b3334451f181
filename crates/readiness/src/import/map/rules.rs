//! Words of both languages, and the check that measures what they speak of.

use std::sync::LazyLock;

use super::is_small;

/// A rule: of each group a pattern stands in the claim. Of an area (`recovery.*`) the check is chosen by its title.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) groups: Vec<Vec<String>>,
}

/// The rules, read once.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let pattern = |text: &str| {
        let words: Vec<&str> = text.split(' ').filter(|word| !is_small(word)).collect();
        words.join(" ")
    };
    let group = |text: &str| text.split(" | ").map(pattern).collect();
    let rule = |(id, groups): &(&'static str, &'static [&'static str])| Rule {
        id,
        groups: groups.iter().map(|text| group(text)).collect(),
    };
    TABLE.iter().map(rule).collect()
});

const LIMIT: &str = "rate limit* | ratelimit* | throttl* | limit* de debit | limit* de taux | limit* du debit | \
     limitation des requetes | limitation de requetes | limit* de requetes | request limit* | quota* | \
     limit*";

const BREAKS: &str = "fallback | down | panne* | indisponib* | unavailab* | outage* | degrad* | repli | absent* | failover | \
     bascule* | reconnect* | reconnexion* | tombe* | fails | failure* | lent* | slow | coupure* | \
     resilien* | tolere* | tolerat* | perdu* | lost";

/// An id, and its groups of patterns: words in a row, small ones left out, `*` for any ending. An id may have several rules.
const TABLE: &[(&str, &[&str])] = &[
    (
        "surface.headers",
        &[
            "security header* | en tete* de securite | entete* de securite | en tete* http | http header* | csp | \
             content security policy | x frame options | clickjacking | nosniff | referrer policy | helmet | \
             helmet js | http security header* | en tete* http de securite | \
             politique de securite du contenu",
        ],
    ),
    (
        "surface.tls",
        &[
            "tls* | ssl | https | certificat* | let s encrypt | chiffrement en transit | encryption in transit | \
             encrypted in transit",
        ],
    ),
    ("surface.hsts", &["hsts | strict transport security"]),
    (
        "surface.redirect",
        &["redirect* | redirig* | force* | renvoy*", "https"],
    ),
    ("surface.cookies", &["cookie* | httponly | samesite"]),
    (
        "surface.body_limit",
        &[
            "body limit* | body size* | request size* | payload size* | payload limit* | limit* de taille | \
             taille max* | taille des requetes | taille des corps | 413 | max* body size | upload size* | \
             upload limit* | corps des requetes limit* | \
             request bod* | bodies limit* | taille de la requete | taille du corps | corps de requete*",
        ],
    ),
    (
        "surface.header_limit",
        &[
            "header size* | header limit* | headers limit* | taille des en tetes | limit* des en tetes | \
             en tetes limites | 431",
        ],
    ),
    (
        "surface.slow_loris",
        &["slowloris | slow loris | slow client* | client* lent* | requetes lentes"],
    ),
    (
        "surface.traversal",
        &[
            "path traversal | directory traversal | traversee de repertoire* | traversee de chemin* | \
             traversee de dossier*",
        ],
    ),
    (
        "surface.injection",
        &[
            "sql injection* | injection* sql | injection* | xss | cross site scripting | crlf | input validation | \
             validation des entrees | requete* parametree* | sanitiz* | sanitis* | parameteri* quer* | \
             prepared statement* | requete* preparee* | \
             user input* | input* validat* | entree* des utilisateurs | entrees utilisateur* | entree* validee* | saisie* validee* | donnees saisies | formulaires valides",
        ],
    ),
    (
        "surface.error_bodies",
        &[
            "stack trace* | stacktrace* | trace* de pile | error bod* | error response* | reponse* d erreur | \
             message* d erreur | error message*",
        ],
    ),
    (
        "surface.error_bodies",
        &[
            "error* | erreur*",
            "reveal* | expose* | leak* | internal detail* | revel* | divulgu* | detail* interne* | \
             detail* technique*",
        ],
    ),
    (
        "surface.canaries",
        &[
            "secret* | mot* de passe | password* | credential* | token* | jeton*",
            "log | logs | logging | journal | journaux | fuite* | leak* | masqu* | masked | masking | redact*",
        ],
    ),
    (
        "access.matrix",
        &[
            "authentication | authentification | authorization | authorisation | autorisation* | rbac | \
             role based access | jwt | controle* d acces | access control* | bearer | api key* | cle* api | \
             cle* d api | isolation des tenants | isolation des locataires | tenant isolation | multi tenant* | \
             token expir* | expiration des tokens | expiration des jetons | roles et permissions | \
             roles and permissions | permissions | jwt authentication | authentification jwt | \
             authentification par jwt | \
             authentifi* | authenticated | droit* d acces | access right* | only see* their own | only access* their own | que ses propres donnees | que ses donnees | que leurs propres donnees | que leurs donnees | cloisonnement des donnees | cloisonnement des clients",
        ],
    ),
    (
        "access.undocumented",
        &[
            "undocumented | non documentee* | openapi | swagger | api documentation | documentation api | \
             documentation de l api | documented api* | api documentee* | \
             route* documentee* | route* documented | endpoint* document* | api documentees",
        ],
    ),
    (
        "access.password_hashing",
        &[
            "bcrypt | argon2* | scrypt | pbkdf2 | password hash* | hash* password* | hachage des mots de passe | \
             mots de passe hach* | mots de passe chiffre* | password* hashed | password* stored | \
             hashage des mots de passe | mots de passe hashe* | \
             passwords hash* | mots de passe stock* | mots de passe jamais stock* | passwords never stored | hach* des mots de passe | mots de passe jamais en clair | mots de passe jamais conserv* | mots de passe condenses | empreintes des mots de passe",
        ],
    ),
    (
        "access.lockout",
        &[
            "lock out* | lockout* | account lock* | brute force* | bruteforce* | force brute | verrouillage* | \
             tentatives de connexion | login attempt* | failed login* | \
             account* lock* | compte* bloqu* | compte* verrouill* | blocage de* compte* | blocage apres | echecs de connexion | echec de connexion | essais de connexion",
        ],
    ),
    (
        "access.session_fixation",
        &[
            "session fixation | fixation de session* | session id* regenerat* | regeneration de session* | \
             session* regener* | session rotation | rotation des sessions | \
             session* renew* | session* renouvel* | renouvellement de* session* | nouvelle session a chaque | new session at each",
        ],
    ),
    ("access.csrf", &["csrf | xsrf | cross site request forgery"]),
    ("access.cors", &["cors | cross origin"]),
    (
        "access.revocation",
        &[
            "revocation* | revoqu* | revoke* | token blacklist* | blacklist* | liste noire | logout | \
             deconnexion* | invalidation des tokens | invalidation des jetons | invalidation des sessions | \
             token revocation | revocation des tokens | revocation des jetons | \
             invalid* de* session* | session* invalid* | jeton* invalid* | token* invalid*",
        ],
    ),
    (
        "access.revocation",
        &[
            "api key* | cle* d api | cle* | token* | jeton* | session*",
            "revok* | revoc* | revoqu* | invalid*",
        ],
    ),
    (
        "limits.per_address",
        &[
            "rate limit* | ratelimit* | throttl* | limit* de debit | limit* de taux | limit* du debit | \
             limitation des requetes | limit* de requetes | request limit* | limit* par ip | limit* par adresse | \
             rate limit* per ip | rate limit* par ip | rate limit* per address | 429 | too many requests | requests minute | req min | requests per minute | requetes minute | requetes par minute | \
             plafonn* des requetes | nombre de requetes limit* | nombre de requetes par minute | nombre d appels limit* | requetes limit* | requetes plafonn* | limit* du nombre de requetes | limit* du trafic",
        ],
    ),
    (
        "limits.per_user",
        &[
            LIMIT,
            "per user | par utilisateur* | par compte* | per account | per hour | par heure | hourly | \
             par client* | per client | \
             chaque utilisateur | each user | each account | horaire* | par personne",
        ],
    ),
    (
        "limits.routes",
        &[
            LIMIT,
            "per route | per endpoint | par route | par endpoint | par point d acces | each route | chaque route",
        ],
    ),
    (
        "limits.shared",
        &[
            LIMIT,
            "redis | distribue* | distributed | shared | partage* | instances | multi instance* | cluster* | \
             across instances | entre instances",
        ],
    ),
    (
        "durability.kill_writes",
        &[
            "kill 9 | sigkill | crash safe* | crash recover* | crash resist* | no data loss | zero data loss | \
             data loss | aucune perte de donnees | perte* de donnees | zero perte | resist* aux crash* | wal | \
             write ahead log* | durabilite | durability | lost writes | ecritures perdues | \
             resist* aux arrets brutaux | arret* brutal* | ecritures acquittees | \
             no data lost | aucune donnee perdue | donnees perdues | loss of data | perd* aucune donnee | loses no data | losing data | perdre de donnees | resist* aux plantages | surviv* plantage* | survit a un plantage",
        ],
    ),
    (
        "durability.sync",
        &[
            "fsync | fdatasync | power loss | power failure* | coupure de courant | coupure* electrique* | \
             synchronous commit* | sync on commit",
        ],
    ),
    (
        "durability.queue",
        &[
            "job queue* | task queue* | file* d attente | file* de taches | file* de travaux | exactly once | \
             celery | bullmq | sidekiq | background job* | background worker* | taches en arriere plan | \
             jobs repris | job* retri* | queue redis | redis queue | queue* | message queue* | taches asynchrones | \
             tache* de fond | travaux de fond | taches en tache de fond | taches differees | tache* relancee* | travaux en arriere plan",
        ],
    ),
    (
        "durability.disk_full",
        &[
            "disk full | full disk | disque plein | espace disque | disk space | out of disk | enospc | \
             disque sature | saturation du disque",
        ],
    ),
    (
        "durability.restart",
        &[
            "graceful shutdown* | graceful stop* | graceful restart* | shut* down graceful* | clean shutdown* | \
             shut* down clean* | sigterm | arret* propre* | arrete proprement | arret* gracieux | \
             arret* en douceur | arret* progressif* | redemarrage* sans coupure | redemarrage* sans interruption | \
             redemarre sans coupure | zero downtime restart* | requetes en cours terminees | \
             in flight requests finish*",
        ],
    ),
    (
        "recovery.*",
        &[
            "backup* | sauvegarde* | restor* | restaur* | disaster recovery | reprise d activite | \
             reprise apres sinistre | rto | rpo | point in time recovery | pitr",
        ],
    ),
    (
        "load.objectives",
        &[
            "load test* | test* de charge | tests de performance | performance test* | req s | \
             requests per second | requete* par seconde | requetes seconde | rps | throughput | debit | \
             debit http | latenc* | p50 | p95 | p99 | temps de reponse | response time* | concurrent user* | \
             simultaneous user* | utilisateurs simultanes | utilisateurs concurrents | slo | slos | error rate* | \
             taux d erreur* | k6 | locust | jmeter | wrk | gatling | artillery | \
             tenue en charge | tenue a la charge | montee en charge | duree de reponse | temps de latence | requete* a la seconde",
        ],
    ),
    (
        "load.cost",
        &[
            "cpu | memory usage | memory footprint | memory consumption | consommation memoire | \
             utilisation memoire | empreinte memoire | usage memoire | ram | rss | utilisation cpu | cpu usage | \
             memory use | memory used | memoire utilisee | memoire consommee | occupation memoire | consommation de memoire | utilisation de la memoire | charge processeur | temps processeur",
        ],
    ),
    (
        "load.soak",
        &[
            "soak | soak test* | endurance | memory leak* | fuite* memoire | fuite* de memoire | \
             long running test* | test* d endurance | tests longue duree",
        ],
    ),
    (
        "load.overload",
        &[
            "overload* | surcharge* | load shedding | delestage | back pressure | backpressure | pic* de charge | \
             traffic spike* | pic* de trafic | stress test* | tests de stress",
        ],
    ),
    ("degradation.cache", &["redis | cache*", BREAKS]),
    (
        "degradation.object_store",
        &[
            "object stor* | s3 | minio | stockage objet* | stockage d objets | bucket*",
            BREAKS,
        ],
    ),
    (
        "degradation.database",
        &[
            "database* | postgres* | base de donnees | bases de donnees | bdd | db | sqlite",
            BREAKS,
        ],
    ),
    (
        "degradation.upstream",
        &[
            "circuit breaker* | disjoncteur* | coupe circuit* | graceful degradation | degradation gracieuse | \
             mode degrade | degraded mode | upstream* failure* | services externes | external service* | \
             third party failure* | upstream* | \
             services tiers | services externes en panne | mode degrade",
        ],
    ),
    (
        "observability.metrics",
        &[
            "prometheus | metric* | metrique* | grafana | monitoring | supervision | prometheus metric* | \
             metriques prometheus | observabilite | observability | \
             tableau* de bord grafana",
        ],
    ),
    (
        "observability.documented_metrics",
        &[
            "metric* | metrique*",
            "documented | documentee* | documentation",
        ],
    ),
    (
        "observability.request_id",
        &[
            "request id* | correlation id* | id de requete* | identifiant* de requete* | \
             identifiant* de correlation | trace id* | tracing | tracage | opentelemetry | distributed trac* | \
             id de correlation | \
             identifiant unique par requete | suivi des requetes",
        ],
    ),
    (
        "observability.logs",
        &[
            "log | logs | logging | journalisation | journaux | structured log* | logs structures | json log* | \
             logs json | winston | loki | logging structure | \
             journaux | journal en json | journal structure | traces applicatives",
        ],
    ),
    (
        "observability.health",
        &[
            "health check* | healthcheck* | health endpoint* | health probe* | liveness | readiness probe* | \
             readiness check* | livez | readyz | healthz | sonde* de vivacite | sonde* de disponibilite | \
             sonde* de sante | sonde* kubernetes | sonde* http | controle* de sante | verification* de sante | \
             point* de controle de sante | etat de sante | page* d etat | test* de vie",
        ],
    ),
    (
        "observability.alerts",
        &["alert | alerts | alerte* | alerting | alertmanager | pagerduty | astreinte* | on call"],
    ),
    (
        "supply.licences",
        &[
            "licence* | license*",
            "dependance* | dependenc* | tiers | third party | oss | open source | audit* | compatib* | verifie* | \
             checked | conform* | complian*",
        ],
    ),
    (
        "supply.advisories",
        &[
            "vulnerabilit* | cve | cves | npm audit | cargo audit | pip audit | dependabot | snyk | advisories | \
             dependency scan* | trivy | dependances a jour | dependencies up to date | failles connues | \
             failles de securite connues | faille* connue* | dependances verifiees | dependances auditees",
        ],
    ),
    (
        "supply.sbom",
        &[
            "sbom | cyclonedx | spdx | software bill of materials | nomenclature logicielle | \
             inventaire des composants | liste des composants logiciels",
        ],
    ),
    (
        "supply.reproducible",
        &[
            "reproducible build* | build* reproductible* | deterministic build* | build* deterministe* | \
             compilation reproductible",
        ],
    ),
    (
        "models.*",
        &[
            "accuracy | f1 | f1 score | auc | recall | rappel | precision du modele | model precision | \
             exactitude | model drift | derive du modele | derive des modeles | model card* | fiche* de modele* | \
             fiche du modele | retraining | reentrainement | precision de detection | detection accuracy",
        ],
    ),
    (
        "release.*",
        &[
            "blue green | rollback* | retour arriere | zero downtime | sans interruption | canary release* | \
             rolling update* | deploiement bleu vert",
        ],
    ),
    (
        "privacy.*",
        &[
            "gdpr | rgpd | right to be forgotten | droit a l oubli | droit a l effacement | data export | \
             export des donnees personnelles | donnees personnelles | personal data",
        ],
    ),
];
