//! Mails, webhooks and chats, each by a real server on this machine.

mod place;

mod api;
mod chats;
mod mails;
mod outbox;
mod people;
mod webhooks;
