//! Faults in what is shown to strangers.

use super::sabotage::Fault;
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    vec![
        Planted::new(
            "surface.headers",
            "a proxy takes a header away",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("x-frame-options");
                })
            },
            "x-frame-options is None",
        ),
        Planted::new(
            "surface.headers",
            "errors go without headers",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 404 {
                        answer.headers.clear();
                    }
                })
            },
            "404: content-security-policy is None",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_surface_are_found() {
    every_fault_is_found(planted()).await;
}
