//! How often people come in, and how often not.

use metrics::{Counter, counter};

/// Handles, taken once.
pub(super) struct Figures {
    pub(super) signed_in: Counter,
    pub(super) refused: Counter,
    pub(super) code_needed: Counter,
    pub(super) code_wrong: Counter,
    pub(super) locked: Counter,
    pub(super) reused: Counter,
}

impl Figures {
    pub(super) fn new() -> Self {
        let outcome = |outcome: &'static str| counter!("auth_sign_ins_total", "outcome" => outcome);
        Self {
            signed_in: outcome("signed_in"),
            refused: outcome("refused"),
            code_needed: outcome("code_needed"),
            code_wrong: outcome("code_wrong"),
            locked: outcome("locked"),
            reused: counter!("auth_refresh_reuse_total"),
        }
    }
}
