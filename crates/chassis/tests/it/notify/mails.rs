use chassis::i18n::Language;
use chassis::notify::{Channel, Delivered, Mail, NotifyFault};

use super::place::{MailServer, Room, address, class, header};
use crate::data::place::{Place, on_each};

fn reset(to: &str, language: Language) -> Mail {
    Mail {
        to: to.to_owned(),
        language,
        template: "auth.reset",
        arguments: vec![
            ("link", "https://a.example/reset?token=abc&x=1".to_owned()),
            ("minutes", "30".to_owned()),
        ],
        workspace: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_by_each_kind_of_protection() {
    let Some(server) = MailServer::of_run() else {
        return;
    };
    on_each(async |place: &Place| {
        for way in ["plain", "starttls", "implicit"] {
            let room = Room::open(place, &server.settings(way)).await;
            let to = address("somebody");
            room.notify
                .mail(reset(&to, Language::French))
                .await
                .unwrap();
            assert_eq!(room.deliver(Channel::Mail).await, [Delivered::Yes], "{way}");
            assert!(room.deliver(Channel::Mail).await.is_empty(), "once");
            let mails = server.mails(&to);
            assert_eq!(mails.len(), 1);
            let mail = &mails[0];
            assert_eq!(mail["way"], way);
            assert_eq!(mail["tls"], way != "plain");
            assert_eq!(mail["user"].is_null(), way == "plain");
            assert_eq!(
                header(mail, "Subject"),
                "Choisissez un nouveau mot de passe"
            );
            assert_eq!(header(mail, "From"), "Aplomb <aplomb@example.org>");
            assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
            let text = mail["parts"]["text/plain"].as_str().unwrap();
            assert!(
                text.contains("https://a.example/reset?token=abc&x=1")
                    && text.contains("30 minutes"),
                "{text}"
            );
            let html = mail["parts"]["text/html"].as_str().unwrap();
            assert!(
                html.contains("href=\"https://a.example/reset?token=abc&amp;x=1\""),
                "{html}"
            );
            room.database.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_nothing_is_lost_silently() {
    on_each(async |place: &Place| {
        let room = Room::open(place, &[]).await;
        let refused = room
            .notify
            .mail(reset("a@example.org", Language::English))
            .await;
        assert!(matches!(refused, Err(NotifyFault::NotConfigured)));
        assert!(room.notify.due(Channel::Mail).await.unwrap().is_empty());
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_for_now_are_tried_again_and_those_for_good_are_not() {
    let Some(server) = MailServer::of_run() else {
        return;
    };
    on_each(async |place: &Place| {
        let room = Room::open(place, &server.settings("plain")).await;
        let (once, never) = (address("once"), address("reject"));
        room.notify
            .mail(reset(&once, Language::English))
            .await
            .unwrap();
        assert_eq!(class(&room.deliver(Channel::Mail).await[0]), "deferred");
        assert!(
            room.deliver(Channel::Mail).await.is_empty(),
            "not before its time"
        );
        place.clock.advance_ms(10_000);
        assert_eq!(room.deliver(Channel::Mail).await, [Delivered::Yes]);
        assert_eq!(server.mails(&once).len(), 1);

        room.notify
            .mail(reset(&never, Language::English))
            .await
            .unwrap();
        let refused = room.deliver(Channel::Mail).await;
        assert!(matches!(refused[..], [Delivered::No(_)]), "{refused:?}");
        assert_eq!(class(&refused[0]), "rejected");
        place.clock.advance_ms(100_000_000);
        assert!(room.deliver(Channel::Mail).await.is_empty());
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_hangs_or_refuses_us_keeps_mails_waiting() {
    let Some(server) = MailServer::of_run() else {
        return;
    };
    let mut wrong_password = server.settings("starttls");
    wrong_password.retain(|(key, _)| *key != "notify.smtp.password");
    wrong_password.push(("notify.smtp.password", "wrong".to_owned()));
    let mut unknown_authority = server.settings("starttls");
    unknown_authority.retain(|(key, _)| *key != "notify.smtp.ca_file");
    let mut without_tls = server.settings("plain");
    without_tls.retain(|(key, _)| *key != "notify.smtp.tls");
    let place = Place::sqlite();
    for (settings, expected) in [
        (server.settings("silent"), "timeout"),
        (wrong_password, "sign_in"),
        (unknown_authority, "tls"),
        (without_tls, "unsupported"),
    ] {
        let room = Room::open(&place, &settings).await;
        let mail = reset(&address("somebody"), Language::English);
        room.notify.mail(mail).await.unwrap();
        let tried = room.deliver(Channel::Mail).await;
        assert!(matches!(tried[..], [Delivered::Later(_)]), "{tried:?}");
        assert_eq!(class(&tried[0]), expected);
        room.database.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_delivery_of_one_mail_can_be_recognised() {
    let Some(server) = MailServer::of_run() else {
        return;
    };
    let place = Place::sqlite();
    let room = Room::open(&place, &server.settings("plain")).await;
    let to = address("somebody");
    room.notify
        .mail(reset(&to, Language::English))
        .await
        .unwrap();
    let id = room.notify.due(Channel::Mail).await.unwrap()[0];
    assert_eq!(room.notify.deliver(id).await.unwrap(), Delivered::Yes);
    let arguments = room.column("arguments").await;
    assert_eq!(arguments, [Some("{}".to_owned())], "links are not kept");
    let mails = server.mails(&to);
    assert_eq!(
        header(&mails[0], "Message-ID"),
        format!("<{id}@example.org>")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_mail_cannot_add_headers_or_addressees() {
    let Some(server) = MailServer::of_run() else {
        return;
    };
    let place = Place::sqlite();
    let room = Room::open(&place, &server.settings("plain")).await;
    let victim = address("victim");
    for to in [
        format!("a@example.org\r\nBcc: {victim}"),
        format!("a@example.org, {victim}"),
        format!("a <{victim}>"),
        "a".to_owned(),
        String::new(),
    ] {
        let refused = room.notify.mail(reset(&to, Language::English)).await;
        assert!(matches!(refused, Err(NotifyFault::Address)), "{to}");
    }
    let to = address("somebody");
    let mail = Mail {
        template: "auth.invite",
        arguments: vec![
            ("link", "https://a.example/".to_owned()),
            ("inviter", "<b>Eve</b>".to_owned()),
            ("workspace", format!("x\r\nBcc: {victim}\r\n\r\nbody")),
        ],
        ..reset(&to, Language::English)
    };
    room.notify.mail(mail).await.unwrap();
    assert_eq!(room.deliver(Channel::Mail).await, [Delivered::Yes]);
    assert!(server.mails(&victim).is_empty());
    let arrived = &server.mails(&to)[0];
    assert!(header(arrived, "Subject").starts_with("Invitation to x"));
    let names: Vec<_> = arrived["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h[0].as_str().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.eq_ignore_ascii_case("bcc")),
        "{names:?}"
    );
    assert!(
        arrived["parts"]["text/html"]
            .as_str()
            .unwrap()
            .contains("&lt;b&gt;Eve")
    );
}
