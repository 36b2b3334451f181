//! Everything a service needs in production, once.
//!
//! * [`service`]: the trait that a service implements; [`check`]: claims and their evidence
//! * [`house`]: services to a running server
//! * [`config`], [`data`], [`http`], [`limits`], [`telemetry`], [`i18n`]: the rooms
//! * [`upstream`]: all calls to the outside; [`notify`]: mails, webhooks and chats, with retries
//! * [`events`]: what happens, told live; [`redis`]: what several instances share
//! * [`objects`]: files, and how they are received
//! * [`auth`]: who asks and what he may do; [`id`]: identifiers; [`tls`]: the one TLS stack
//! * [`jobs`]: work in the background
//! * [`overview`]: how the house does, for those who run it
//! * [`clock`], [`task`], [`program`]: the side doors to time, to background work and to other programs

pub mod auth;
pub mod check;
pub mod clock;
pub mod config;
pub mod data;
pub mod events;
pub mod house;
pub mod http;
pub mod i18n;
pub mod id;
pub mod jobs;
pub mod limits;
pub mod notify;
pub mod objects;
pub mod overview;
mod probe;
pub mod program;
pub mod redis;
pub mod service;
pub mod task;
pub mod telemetry;
pub mod tls;
pub mod upstream;
