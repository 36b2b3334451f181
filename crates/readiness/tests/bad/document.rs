//! What the server says of itself.

use serde_json::{Value, json};

/// Its OpenAPI document.
pub(super) fn text() -> String {
    let open = |parameters: Value| operation(parameters, &json!([]));
    let closed = || operation(json!([]), &json!([{ "token": [] }]));
    let query = |name: &str| {
        json!([{ "name": name, "in": "query", "required": false,
            "schema": { "type": "string" } }])
    };
    let path = |name: &str, kind: &str, example: Value| {
        json!([{ "name": name, "in": "path", "required": true, "example": example,
            "schema": { "type": kind } }])
    };
    let mut new_item = open(json!([]));
    new_item["responses"] = json!({ "201": { "description": "Made" },
        "400": { "description": "Wrong" }, "413": { "description": "Too large" } });
    new_item["requestBody"] = json!({ "required": true, "content": { "application/json": {
        "schema": { "type": "object", "properties": { "name": { "type": "string" } } } } } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Shop", "version": "2.4.41" },
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "paths": {
            "/": { "get": open(json!([])) },
            "/livez": { "get": open(json!([])) },
            "/readyz": { "get": open(json!([])) },
            "/metrics": { "get": open(json!([])) },
            "/hello": { "get": open(query("name")) },
            "/go": { "get": open(query("to")) },
            "/search": { "get": open(query("q")) },
            "/visit": { "get": open(json!([])) },
            "/files/{name}": { "get": open(path("name", "string", json!("hello.txt"))) },
            "/items": { "post": new_item },
            "/items/{id}": { "get": open(path("id", "integer", json!(1))) },
            "/account": { "get": closed() },
            "/report": { "get": closed() },
        },
    })
    .to_string()
}

fn operation(parameters: Value, security: &Value) -> Value {
    let mut responses = json!({ "200": { "description": "Here it is" },
        "429": { "description": "Too many requests" } });
    if security.as_array().is_some_and(|needs| !needs.is_empty()) {
        responses["401"] = json!({ "description": "Sign in" });
    }
    json!({ "parameters": parameters, "security": security, "responses": responses })
}
