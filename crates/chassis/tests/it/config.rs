//! Configuration: precedence, faults, masking, production, the generated pages.

use std::path::PathBuf;

use chassis::config::{
    Config, ConfigFile, Faults, LogFormat, Network, Override, Profile, Secret, Section, Sources,
    load, schema,
};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service's section with a table inside, a secret and a check across two fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(default, deny_unknown_fields)]
struct Moon {
    // Before the keys on purpose: shown as TOML it must come after them.
    #[garde(dive)]
    cache: Cache,
    /// Widest drawing.
    #[garde(range(min = 16, max = 4096))]
    maximum_pixels: u32,
    #[garde(custom(|narrow: &u32, (): &()| {
        let wide = self.maximum_pixels;
        (*narrow <= wide).then_some(()).ok_or_else(|| garde::Error::new("must not exceed maximum_pixels"))
    }))]
    minimum_pixels: u32,
    #[garde(skip)]
    api_key: Option<Secret>,
}

impl Default for Moon {
    fn default() -> Self {
        Self {
            maximum_pixels: 1024,
            minimum_pixels: 16,
            api_key: None,
            cache: Cache::default(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(default, deny_unknown_fields)]
struct Cache {
    #[garde(range(max = 100))]
    entries: u32,
}

/// Sources built up step by step; the file stands in its own temporary folder.
struct Given {
    folder: tempfile::TempDir,
    sources: Sources,
}

fn given(file: &str) -> Given {
    given_bytes(file.as_bytes())
}

fn given_bytes(file: &[u8]) -> Given {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aplomb.toml");
    std::fs::write(&path, file).unwrap();
    let sources = Sources {
        file: ConfigFile::Required(path),
        sections: vec![Section::of::<Moon>("moon")],
        ..Sources::default()
    };
    Given { folder, sources }
}

impl Given {
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources
            .environment
            .push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, flag: &str, key: &str, value: &str) -> Self {
        self.sources.flags.push(Override::new(flag, key, value));
        self
    }

    fn load(&self) -> Result<Config, Faults> {
        load(&self.sources)
    }

    fn loaded(&self) -> Config {
        self.load().unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// The faults without the temporary folder.
    fn faults(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let faults = self.load().expect_err("a fault");
        faults
            .to_string()
            .lines()
            .map(|line| line.replace(&folder, ""))
            .collect()
    }

    fn shown(&self) -> String {
        self.loaded()
            .show()
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

#[test]
fn nothing_set_gives_the_defaults() {
    let config = load(&Sources::default()).unwrap();
    assert_eq!(config.profile, Profile::Development);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.body_limit_bytes, 1_048_576);
    assert_eq!(config.limits.anonymous_per_minute, 100);
    assert_eq!(config.telemetry.log_format, LogFormat::Auto);
    assert_eq!(
        config.data.database().file(),
        Some(PathBuf::from("./aplomb-data/aplomb.db").as_path())
    );
    assert!(config.warnings().is_empty());
}

#[test]
fn later_source_wins_and_show_names_it() {
    let file = "[http]\nlisten = '127.0.0.1:1'\nrequest_timeout_ms = 5000\nmaximum_in_flight = 7\n";
    let given = given(file)
        .variable("APLOMB_HTTP__LISTEN", "127.0.0.1:2")
        .variable("APLOMB_HTTP__REQUEST_TIMEOUT_MS", "6000")
        .flag("--listen", "http.listen", "127.0.0.1:3");
    let config = given.loaded();
    assert_eq!(config.http.listen.port(), 3);
    assert_eq!(config.http.request_timeout_ms, 6000);
    assert_eq!(config.http.maximum_in_flight, 7);
    let shown = given.shown();
    for line in [
        "listen = \"127.0.0.1:3\" # --listen",
        "request_timeout_ms = 6000 # APLOMB_HTTP__REQUEST_TIMEOUT_MS",
        "maximum_in_flight = 7 # aplomb.toml:4",
        "drain_timeout_ms = 30000 # default",
        "# public_url is not set",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line} not in\n{shown}"
        );
    }
}

#[test]
fn shown_configuration_loads_again_to_the_same() {
    let first = given(
        "services = ['luna']\n[http]\nallowed_origins = ['https://a.example', \"*\"]\n[moon.cache]\nentries = 3\n",
    );
    let shown = first.shown();
    let second = given(&shown);
    let strip = |text: &str| {
        text.lines()
            .map(|line| line.split(" # ").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(strip(&second.shown()), strip(&shown));
}

#[test]
fn all_faults_are_reported_together_each_with_its_place() {
    let file = "\
profil = 'production'
[http]
lisen = '127.0.0.1:1'
body_limit_bytes = 'big'
trusted_proxies = ['10.0.0.0/40']
header_timeout_ms = 1
[moon]
maximum_pixels = 9000
[moon.cache]
entrys = 1
[weather]
rain = true
";
    let faults = given(file)
        .variable("APLOMB_LIMITS__ANONYMOUS_PER_MINUTE", "many")
        .variable("APLOMB_HTTP_LISTEN", "127.0.0.1:1")
        .flag("--data", "data.readers", "0")
        .faults();
    let expected = [
        "aplomb.toml:1: profil: unknown key; did you mean `profile`?",
        "aplomb.toml:3: http.lisen: unknown key; did you mean `http.listen`?",
        "aplomb.toml:4: http.body_limit_bytes: must be a whole number, not \"big\"",
        "aplomb.toml:5: http.trusted_proxies: `10.0.0.0/40` needs a prefix length from 0 to 32",
        "aplomb.toml:6: http.header_timeout_ms: lower than 100",
        "aplomb.toml:8: moon.maximum_pixels: greater than 4096",
        "aplomb.toml:10: moon.cache.entrys: unknown key; did you mean `moon.cache.entries`?",
        "aplomb.toml:11: weather: unknown key",
        "APLOMB_HTTP_LISTEN: no setting has this name; did you mean APLOMB_HTTP__LISTEN?",
        "APLOMB_LIMITS__ANONYMOUS_PER_MINUTE: limits.anonymous_per_minute: `many` is not a whole number",
        "--data: data.readers: lower than 1",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn fault_of_two_values_together_names_the_one_that_breaks() {
    let faults = given("[moon]\nmaximum_pixels = 64\nminimum_pixels = 100\n").faults();
    assert_eq!(
        faults,
        ["aplomb.toml:3: moon.minimum_pixels: must not exceed maximum_pixels"]
    );
}

#[test]
fn values_that_fit_only_together_are_accepted() {
    let config = given("[moon]\nminimum_pixels = 2000\nmaximum_pixels = 4000\n").loaded();
    assert_eq!(config.section::<Moon>("moon").unwrap().minimum_pixels, 2000);
}

#[test]
fn weak_settings_are_reported_beside_other_faults_and_not_twice() {
    let file = "profile = 'production'\n[http]\nlisten = '0.0.0.0:1'\nheader_timeout_ms = 1\n[telemetry]\nmetrics_token = 1\n";
    let faults = given(file).faults();
    let keys: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "http.listen",
            "http.header_timeout_ms",
            "telemetry.metrics_token"
        ],
        "{faults:#?}"
    );
}

#[test]
fn environment_speaks_every_kind_of_value() {
    let config = given("")
        .variable("APLOMB_SERVICES", "luna, support")
        .variable("APLOMB_HTTP__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]")
        .variable("APLOMB_TELEMETRY__ACCESS_LOG", "off")
        .variable("APLOMB_TELEMETRY__ACCESS_LOG_SAMPLE", "0.25")
        .variable("APLOMB_MOON__CACHE__ENTRIES", "9")
        .variable("APLOMB_HTTP__PUBLIC_URL", "")
        .variable("APLOMB_CONFIG", "elsewhere.toml")
        .variable("APLOMB_TEST_POSTGRES", "postgres://x")
        .variable("PATH", "/usr/bin")
        .loaded();
    assert_eq!(config.services, ["luna", "support"]);
    assert_eq!(
        config.http.trusted_proxies,
        [
            "10.0.0.0/8".parse::<Network>().unwrap(),
            "::1".parse().unwrap()
        ]
    );
    assert!(!config.telemetry.access_log);
    assert!((config.telemetry.access_log_sample - 0.25).abs() < f64::EPSILON);
    assert_eq!(config.section::<Moon>("moon").unwrap().cache.entries, 9);
    assert_eq!(config.http.public_url, None);
}

#[test]
fn section_is_given_only_as_the_type_it_was_declared_with() {
    let config = given("[moon]\nmaximum_pixels = 64\n").loaded();
    assert_eq!(config.section::<Moon>("moon").unwrap().maximum_pixels, 64);
    assert!(config.section::<Cache>("moon").is_none());
    assert!(config.section::<Moon>("sun").is_none());
}

#[test]
fn unknown_service_is_refused_with_the_one_that_was_meant() {
    let mut given = given("services = ['lnua', 'mail']\n");
    given.sources.services = vec!["luna", "support"];
    assert_eq!(
        given.faults(),
        [
            "aplomb.toml:1: services: no service is called `lnua`; did you mean `luna`?",
            "aplomb.toml:1: services: no service is called `mail`; there are: luna, support",
        ]
    );
}

#[test]
fn secrets_are_masked_wherever_the_configuration_is_printed() {
    let given = given(
        "[moon]\napi_key = 'hunter2hunter2'\n[telemetry]\nmetrics_token = 'hunter2hunter2'\n",
    )
    .variable(
        "APLOMB_DATA__URL",
        "postgres://ann:hunter2hunter2@db/aplomb",
    );
    let config = given.loaded();
    assert_eq!(
        config
            .section::<Moon>("moon")
            .unwrap()
            .api_key
            .as_ref()
            .unwrap()
            .expose(),
        "hunter2hunter2"
    );
    for printed in [
        config.show(),
        format!("{config:?}"),
        format!("{:?}", config.data),
        format!("{:?}", config.telemetry),
    ] {
        assert!(!printed.contains("hunter2"), "{printed}");
    }
    assert!(
        config
            .show()
            .contains("url = \"postgres://ann:***@db/aplomb\" # APLOMB_DATA__URL"),
        "{}",
        config.show()
    );
}

#[test]
fn fault_about_a_secret_does_not_repeat_it() {
    for file in [
        "[telemetry]\nmetrics_token = 31337\n",
        "[data]\nurl = 'mysql://ann:31337@db/x'\n",
        "[data]\nurl = [31337]\n",
    ] {
        let faults = given(file).faults().join("\n");
        assert!(
            faults.contains("aplomb.toml:2") && !faults.contains("31337"),
            "{faults}"
        );
    }
}

#[test]
fn secret_is_read_from_a_file() {
    let given = given("[telemetry]\n");
    let token = given.folder.path().join("token");
    std::fs::write(&token, "from-a-file-0123456789\n").unwrap();
    let given = given.variable(
        "APLOMB_TELEMETRY__METRICS_TOKEN_FILE",
        token.to_str().unwrap(),
    );
    let config = given.loaded();
    assert_eq!(
        config.telemetry.metrics_token.unwrap().expose(),
        "from-a-file-0123456789"
    );
}

#[test]
fn secret_file_that_is_missing_empty_or_doubled_is_refused() {
    let given_missing = given("[data]\nurl_file = '/nowhere/secret'\n");
    assert!(
        given_missing.faults()[0]
            .starts_with("aplomb.toml:2: data.url_file: cannot read /nowhere/secret")
    );

    let doubled = given("[telemetry]\nmetrics_token = 'a'\nmetrics_token_file = 'b'\n");
    let token = doubled.folder.path().join("token");
    std::fs::write(&token, "x").unwrap();
    let file = format!(
        "[telemetry]\nmetrics_token = 'a'\nmetrics_token_file = '{}'\n",
        token.display()
    );
    std::fs::write(doubled.folder.path().join("aplomb.toml"), file).unwrap();
    assert!(
        doubled.faults()[0].contains("are both given"),
        "{:?}",
        doubled.faults()
    );

    std::fs::write(&token, "\n").unwrap();
    assert!(
        doubled.faults()[0].contains("is empty"),
        "{:?}",
        doubled.faults()
    );

    // Only secrets can be read from a file.
    let open = given("[http]\nlisten_file = 'x'\n");
    assert!(
        open.faults()[0].contains("http.listen_file: unknown key"),
        "{:?}",
        open.faults()
    );
}

const WEAK: &str = "\
profile = 'PROFILE'
[http]
listen = '0.0.0.0:8080'
public_url = 'http://marks.example'
allowed_origins = ['*']
[data]
url = 'postgres://postgres:postgres@db/aplomb'
[limits]
anonymous_per_minute = 0
";

#[test]
fn production_refuses_every_weak_setting_at_once() {
    let faults = given(&WEAK.replace("PROFILE", "production")).faults();
    let keys: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "http.listen",
            "http.public_url",
            "http.allowed_origins",
            "data.url",
            "limits.anonymous_per_minute",
            "telemetry.metrics_token",
        ]
    );
    assert!(
        faults[0].starts_with("aplomb.toml:3: http.listen: weak in production: 0.0.0.0:8080"),
        "{}",
        faults[0]
    );
    assert!(
        faults[5].starts_with("not set: telemetry.metrics_token: weak in production: ")
            && faults[5].contains("APLOMB_TELEMETRY__METRICS_TOKEN"),
        "{}",
        faults[5]
    );
    assert!(!faults[3].contains("postgres:postgres"), "{}", faults[3]);
}

#[test]
fn staging_warns_and_development_is_silent_about_weak_settings() {
    assert_eq!(
        given(&WEAK.replace("PROFILE", "staging"))
            .loaded()
            .warnings()
            .len(),
        6
    );
    assert!(
        given(&WEAK.replace("PROFILE", "development"))
            .loaded()
            .warnings()
            .is_empty()
    );
}

#[test]
fn production_behind_a_proxy_with_its_own_token_is_accepted() {
    let file = "\
profile = 'production'
[http]
listen = '0.0.0.0:8080'
trusted_proxies = ['10.0.0.2']
[telemetry]
metrics_token = 'c29tZSByYW5kb20gYnl0ZXM'
";
    given(file).loaded();
    let everyone = given(&file.replace("10.0.0.2", "0.0.0.0/0")).faults();
    assert!(
        everyone[0].contains("http.trusted_proxies: weak in production"),
        "{everyone:?}"
    );
    let mail = "[notify.smtp]\nhost = 'mail.example'\nfrom = 'aplomb@example.org'\n";
    let nowhere = given(&format!("{file}{mail}")).faults();
    assert!(
        nowhere[0].contains("http.public_url: weak in production: mails hold links"),
        "{nowhere:?}"
    );
    let guessable = given(&file.replace("c29tZSByYW5kb20gYnl0ZXM", "changeme")).faults();
    assert!(
        guessable[0].contains("telemetry.metrics_token: weak in production"),
        "{guessable:?}"
    );
}

#[test]
fn hostile_file_is_one_clear_fault() {
    let nested = format!("x = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let dotted = format!("{}b = 1", "a.".repeat(200_000));
    let tables = "[a]\n".repeat(2);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![b'#'; 2_000_000], "larger than 1048576 bytes"),
        (b"profile = 'a\0b'".to_vec(), "aplomb.toml:1"),
        (b"profile = \"a\\u0000b\"".to_vec(), "NUL"),
        (b"\xff\xfe".to_vec(), "not UTF-8"),
        (b"ok = 1\nx = \xff".to_vec(), "line 2"),
        (nested.into_bytes(), "aplomb.toml:1"),
        (dotted.into_bytes(), "aplomb.toml:1"),
        (tables.into_bytes(), "duplicate key"),
        (b"http = 3".to_vec(), "http: unknown key"),
        (b"[[http]]\nlisten = 'x'".to_vec(), "http: unknown key"),
        (b"[http]\nlisten = { a = 1 }".to_vec(), "http.listen"),
        (
            b"[telemetry]\naccess_log_sample = nan".to_vec(),
            "telemetry.access_log_sample",
        ),
        (
            b"[telemetry]\nlog_level = 'warning'".to_vec(),
            "not a level",
        ),
        (
            b"[http]\nmaximum_in_flight = 99999999999999".to_vec(),
            "http.maximum_in_flight: must be 1 to 1000000",
        ),
    ];
    for (file, expected) in cases {
        let faults = given_bytes(&file).faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].contains(expected),
            "{expected} not in {}",
            faults[0]
        );
    }
}

#[test]
fn file_is_required_only_when_it_was_named() {
    let missing = PathBuf::from("/nowhere/aplomb.toml");
    let sources = |file| Sources {
        file,
        ..Sources::default()
    };
    assert!(load(&sources(ConfigFile::IfPresent(missing.clone()))).is_ok());
    let faults = load(&sources(ConfigFile::Required(missing))).unwrap_err();
    assert!(
        faults
            .to_string()
            .contains("cannot read /nowhere/aplomb.toml"),
        "{faults}"
    );
    let folder = tempfile::tempdir().unwrap();
    let faults = load(&sources(ConfigFile::IfPresent(folder.path().to_owned()))).unwrap_err();
    assert!(faults.to_string().contains("is not a file"), "{faults}");
}

#[test]
fn schema_describes_every_key_with_its_default() {
    let schema = schema(&[Section::of::<Moon>("moon")]);
    let http = &schema["properties"]["http"];
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(http["additionalProperties"], false);
    assert_eq!(http["properties"]["body_limit_bytes"]["default"], 1_048_576);
    assert_eq!(http["properties"]["body_limit_bytes"]["minimum"], 1_024);
    assert_eq!(
        schema["properties"]["moon"]["properties"]["cache"]["properties"]["entries"]["default"],
        0
    );
    assert!(schema["properties"]["data"]["properties"]["url_file"].is_object());
    for section in ["http", "data", "limits", "telemetry"] {
        for (name, property) in schema["properties"][section]["properties"]
            .as_object()
            .unwrap()
        {
            assert!(property["description"].is_string(), "{section}.{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the file holds, the answer is a configuration or faults.
    #[test]
    fn any_file_is_answered(file in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = given_bytes(&file).load();
    }

    /// Whatever a key is set to, the answer is a configuration or faults that name the key.
    #[test]
    fn any_value_is_answered(index in 0usize..18, value in "\\PC{0,40}") {
        let keys = [
            "profile", "services", "http.listen", "http.public_url", "http.body_limit_bytes", "http.allowed_origins",
            "http.trusted_proxies", "data.folder", "data.url", "data.readers", "limits.anonymous_per_minute",
            "telemetry.log_level", "telemetry.log_format", "telemetry.access_log", "telemetry.access_log_sample",
            "telemetry.metrics_token", "moon.cache.entries", "moon.api_key",
        ];
        let given = given("").flag("--set", keys[index], &value);
        if let Err(faults) = given.load() {
            prop_assert!(faults.iter().all(|fault| fault.key == keys[index]), "{}", faults);
        }
    }
}
