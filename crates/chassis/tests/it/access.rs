//! Who may call what: keys, scopes, and the refusals of the front.

use chassis::auth::Scopes;
use serde_json::Value;

use crate::house::house;

#[tokio::test]
async fn a_wrong_key_is_refused_also_where_none_is_needed() {
    let house = house().start().await;
    for credentials in [
        "Bearer ak_live_0000",
        "Bearer x",
        "Basic eDp5",
        "Bearer",
        "",
    ] {
        let answer = house
            .client
            .get(house.url("/docs/"))
            .header("Authorization", credentials)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{credentials}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["code"], "auth.invalid_credentials");
    }
}

#[tokio::test]
async fn a_key_opens_what_it_grants_until_it_ends() {
    let house = house().start().await;
    let key = house.key("trouble:read").await;
    let answer = house
        .client
        .get(house.url("/api/v1/trouble/text"))
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        key.starts_with("ak_live_") && key.len() == 48,
        "{}",
        key.len()
    );
    assert!("trouble:read".parse::<Scopes>().is_ok());
}
