//! Mails, webhooks and chats, each by a real server on this machine.

mod place;

mod mails;
