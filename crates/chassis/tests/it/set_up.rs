//! The first account, and the pages that lead to it.

use chassis::auth::set_up;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY};
use serde_json::{Value, json};

use crate::data::place::on_each;
use crate::house::{Running, house};
use crate::sign_in::{EMAIL, PASSWORD, fault};

async fn ask(house: &Running, token: &str, password: &str) -> reqwest::Response {
    let body = json!({"token": token, "name": "Zoé Martin", "email": EMAIL, "password": password});
    house.post("/auth/set-up", body).await
}

async fn token(house: &Running) -> Option<String> {
    let database = house.database().await;
    let token = set_up::token(&database).await.unwrap();
    database.close().await.unwrap();
    token.map(|token| token.expose().to_owned())
}

#[tokio::test]
async fn the_first_account_is_made_once_by_the_newest_link() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let old = token(&house).await.unwrap();
        let new = token(&house).await.unwrap();
        let over = (410, "auth.set_up_over".to_owned());
        assert_eq!(
            fault(ask(&house, &old, PASSWORD).await).await,
            over,
            "a later start voids it"
        );
        assert_eq!(
            fault(ask(&house, "setup_guess", PASSWORD).await).await,
            over
        );
        let weak: Value = ask(&house, &new, "password123").await.json().await.unwrap();
        assert_eq!(weak["errors"][0]["field"], "password", "{weak}");
        let both = tokio::join!(ask(&house, &new, PASSWORD), ask(&house, &new, PASSWORD));
        let mut statuses = [both.0.status().as_u16(), both.1.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201, "{statuses:?}");
        assert!(matches!(statuses[1], 409 | 410), "{statuses:?}");
        let cookie = house.cookie().await;
        let me = house
            .page(reqwest::Method::GET, "/auth/me", &cookie, None)
            .await;
        assert_eq!(me.json::<Value>().await.unwrap()["role"], "owner");
        let done = (409, "auth.set_up_done".to_owned());
        assert_eq!(fault(ask(&house, &new, PASSWORD).await).await, done);
        assert_eq!(token(&house).await, None, "somebody has an account");
    })
    .await;
}

#[tokio::test]
async fn the_start_page_leads_to_signing_in_and_to_the_first_account_while_there_is_none() {
    let house = house().start().await;
    let page = async || house.get("/").await.text().await.unwrap();
    let first = page().await;
    assert!(first.contains("href=\"/set-up\""), "{first}");
    assert!(first.contains("href=\"/sign-in\""), "{first}");
    let link = token(&house).await.unwrap();
    assert_eq!(ask(&house, &link, PASSWORD).await.status(), 201);
    let then = page().await;
    assert!(
        !then.contains("/set-up") && then.contains("href=\"/sign-in\""),
        "{then}"
    );
}

#[tokio::test]
async fn the_account_pages_speak_both_languages_and_run_nothing_inline() {
    let house = house().start().await;
    for (path, english, french) in [
        ("/set-up", "Make the account", "Créer le compte"),
        ("/invite", "Accept the invitation", "Accepter l'invitation"),
        ("/reset", "Send the link", "Envoyer le lien"),
        ("/sign-in", "Sign in", "Se connecter"),
    ] {
        let get = async |path: &str, language: &str| {
            let answer = house
                .client
                .get(house.url(path))
                .header(ACCEPT_LANGUAGE, language)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200);
            let policy = answer.headers()[CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(
                policy.contains("script-src 'self';") && !policy.contains("unsafe"),
                "{policy}"
            );
            answer.text().await.unwrap()
        };
        let page = get(path, "en").await;
        assert!(page.contains(english), "{page}");
        assert!(get(path, "fr-CA").await.contains(french));
        assert!(get(&format!("{path}?lang=fr"), "en").await.contains(french));
        assert!(!page.contains(">pages."), "a text is missing: {page}");
        for forbidden in ["<style", " style=", " onclick", "javascript:", "<script>"] {
            assert!(!page.contains(forbidden), "{path}: {forbidden}");
        }
        // Each field has its label and its place for faults.
        for id in page
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            if !id.contains('-') {
                assert!(
                    page.contains(&format!("for=\"{id}\""))
                        && page.contains(&format!("id=\"{id}-error\"")),
                    "{path}: {id}"
                );
            }
        }
    }
    for (path, kind) in [
        ("/pages/pages.js", "text/javascript"),
        ("/pages/pages.css", "text/css"),
    ] {
        let answer = house.get(path).await;
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
    }
}
