//! The seam to the room that tells people: by mail, or as they chose.

use futures_util::future::BoxFuture;

use crate::i18n::Language;
use crate::notify::{Mail, Notice, Notify};

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// His address.
    pub to: String,
    /// His language.
    pub language: Language,
    /// The template, such as `auth.reset`.
    pub template: &'static str,
    /// What the template is filled with. Holds secrets: never for a log.
    pub arguments: Vec<(&'static str, String)>,
}

/// Takes letters: answers once they will not be lost any more.
pub trait Post: Send + Sync {
    /// Takes one. The error is for the log and holds nothing of the letter.
    fn send(&self, letter: Letter) -> BoxFuture<'static, Result<(), String>>;

    /// Tells a person by the channels that he chose; none may be set up, which is no fault.
    fn tell(&self, _notice: Notice) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// Where no mail is set up.
pub(super) struct NoPost;

impl Post for NoPost {
    fn send(&self, _: Letter) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Err("no mail is set up".to_owned()) })
    }
}

/// The usual way: the outbox, which keeps a mail until it is delivered.
impl Post for Notify {
    fn send(&self, letter: Letter) -> BoxFuture<'static, Result<(), String>> {
        let notify = self.clone();
        let mail = Mail {
            to: letter.to,
            language: letter.language,
            template: letter.template,
            arguments: letter.arguments,
            workspace: None,
        };
        Box::pin(async move { notify.mail(mail).await.map_err(|fault| fault.to_string()) })
    }

    fn tell(&self, notice: Notice) -> BoxFuture<'static, Result<(), String>> {
        let notify = self.clone();
        Box::pin(async move {
            let told = Self::tell(&notify, notice).await;
            told.map(drop).map_err(|fault| fault.to_string())
        })
    }
}
