//! The single error answer: RFC 9457 problem details with a stable code, in the caller's language.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::data::DataError;
use crate::i18n::{Arguments, Catalogue, Language};
use crate::task::HeavyFault;
use crate::telemetry::burst::Burst;

/// What went wrong, as a service says it. The front turns it into words and bytes.
#[derive(Clone, Debug)]
pub struct Problem {
    /// HTTP status, 400 to 599.
    pub status: StatusCode,
    /// The stable code, which is also the message's key: `luna.unknown_variant`.
    pub code: &'static str,
    /// The message's arguments.
    pub arguments: Arguments,
    /// What is wrong with each field.
    pub errors: Vec<FieldProblem>,
    /// Seconds after which to try again.
    pub retry_after_s: Option<u64>,
    /// What is for the log alone; the front writes it beside the request's id.
    pub cause: Option<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug)]
pub struct FieldProblem {
    /// The field's name, as the caller wrote it.
    pub field: String,
    /// Code and message key.
    pub code: &'static str,
    /// The message's arguments.
    pub arguments: Arguments,
}

/// The body of every error answer (`application/problem+json`, RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: the `code` is what programs look at.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The stable code of this kind of problem.
    pub code: String,
    /// What happened and the way out, in the caller's language.
    pub detail: String,
    /// The request's id, as in the `X-Request-Id` header and the log.
    pub request_id: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblemBody>,
}

/// One field at fault.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldProblemBody {
    /// The field's name.
    pub field: String,
    /// The stable code.
    pub code: String,
    /// What is wrong and what is allowed.
    pub detail: String,
}

impl Problem {
    /// A problem with a status and a code.
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            arguments: Vec::new(),
            errors: Vec::new(),
            retry_after_s: None,
            cause: None,
        }
    }

    /// With an argument of its message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    /// With a time after which to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Nothing is at this address.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "http.not_found")
    }

    /// Fields are wrong: 422, each one named.
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "http.invalid_field")
        }
    }

    /// Our own failure. The cause goes to the log, never to the caller.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "http.internal")
        }
    }

    /// The generic problem of a status, for answers that a library made without one.
    pub fn of_status(status: StatusCode) -> Self {
        let code = match status.as_u16() {
            400 => "http.bad_request",
            401 => "http.unauthorised",
            404 => "http.not_found",
            405 => "http.method_not_allowed",
            406 => "http.not_acceptable",
            411 => "http.length_required",
            413 => "http.body_too_large",
            503 => "http.overloaded",
            500..=599 => "http.internal",
            _ => "http.error",
        };
        Self::new(status, code)
    }

    /// Writes the body.
    pub fn body(&self, language: Language, catalogue: &Catalogue, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: catalogue.text(language, self.code, &self.arguments),
            request_id: request_id.to_owned(),
            errors: self
                .errors
                .iter()
                .map(|e| e.body(language, catalogue))
                .collect(),
        }
    }
}

/// Requests that the database refused.
static REFUSED: Burst = Burst::new();

impl From<DataError> for Problem {
    fn from(fault: DataError) -> Self {
        let (code, wait_s) = match &fault {
            DataError::Full(_) => ("data.full", 30),
            DataError::Down(_) | DataError::Closed => ("data.down", 5),
            DataError::Busy(_) | DataError::TimedOut { .. } => ("http.overloaded", 1),
            _ => return Self::internal(&fault),
        };
        if let Some(hidden) = REFUSED.turn() {
            tracing::error!(error = %fault, log.hidden = hidden, "the database refuses work; requests that need it are answered with 503");
        }
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code).retry_after(wait_s)
    }
}

impl From<HeavyFault> for Problem {
    fn from(fault: HeavyFault) -> Self {
        match fault {
            HeavyFault::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "http.overloaded").retry_after(1)
            }
            HeavyFault::Panicked => Self::internal(&fault),
        }
    }
}

impl FieldProblem {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, code: &'static str, arguments: Arguments) -> Self {
        Self {
            field: field.into(),
            code,
            arguments,
        }
    }

    fn body(&self, language: Language, catalogue: &Catalogue) -> FieldProblemBody {
        FieldProblemBody {
            field: self.field.clone(),
            code: self.code.to_owned(),
            detail: catalogue.text(language, self.code, &self.arguments),
        }
    }
}

impl IntoResponse for Problem {
    /// The status, with the problem beside it: the front, which knows language and id, writes it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_the_database_asks_to_come_back_and_a_fault_of_ours_does_not() {
        let of = |fault: DataError| {
            let problem = Problem::from(fault);
            (problem.status.as_u16(), problem.code, problem.retry_after_s)
        };
        let said = || "said".to_owned();
        assert_eq!(of(DataError::Full(said())), (503, "data.full", Some(30)));
        assert_eq!(of(DataError::Down(said())), (503, "data.down", Some(5)));
        assert_eq!(of(DataError::Closed), (503, "data.down", Some(5)));
        assert_eq!(
            of(DataError::Busy(said())),
            (503, "http.overloaded", Some(1))
        );
        assert_eq!(of(DataError::Panicked), (500, "http.internal", None));
    }
}
