//! `[objects]`

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Network, Secret};

/// Where the bytes of objects are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectStore {
    /// A folder of this machine.
    #[default]
    Local,
    /// A bucket that speaks S3.
    S3,
}

/// Files: where they are kept, what a workspace may keep, how they are received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Objects {
    /// Where the bytes are kept: `local` (a folder) or `s3` (a bucket). Several machines on one database need `s3`.
    #[garde(skip)]
    pub store: ObjectStore,
    /// The folder of the local store; without it `objects` inside the data folder.
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub folder: Option<PathBuf>,
    /// The bucket; `s3` needs it.
    #[garde(length(max = 255))]
    pub bucket: String,
    /// What every key in the bucket begins with, so that a bucket can be shared.
    #[garde(length(max = 200))]
    pub prefix: String,
    /// The bucket's region.
    #[garde(length(max = 64))]
    pub region: String,
    /// The address of the S3 server, such as `https://s3.example.org`; empty means Amazon's of the region.
    #[garde(length(max = 2_000))]
    pub endpoint: String,
    /// The key's name.
    #[garde(skip)]
    pub access_key: Option<Secret>,
    /// The key's secret.
    #[garde(skip)]
    pub secret_key: Option<Secret>,
    /// Whether the bucket stands in the path (`https://host/bucket/key`) and not in the host's name.
    #[garde(skip)]
    pub path_style: bool,
    /// What one workspace may keep, in bytes, where its plan says nothing.
    #[garde(range(max = 1_125_899_906_842_624_u64))]
    pub workspace_limit_bytes: u64,
    /// Largest file of a resumable upload, in bytes.
    #[garde(range(min = 1, max = 5_497_558_138_880_u64))]
    pub upload_limit_bytes: u64,
    /// Resumable uploads that one workspace may have open at once.
    #[garde(range(min = 1, max = 100_000))]
    pub open_uploads: u32,
    /// An upload that receives nothing for this long is given up, in seconds.
    #[garde(range(min = 60, max = 2_592_000))]
    pub upload_expiry_s: u64,
    /// A connection whose body stands still for this long is cut; what came is kept. In milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub upload_idle_ms: u64,
    /// Uploads are refused while less than this is free on the disk that holds their parts, in bytes.
    #[garde(range(max = 1_099_511_627_776_u64))]
    pub minimum_free_bytes: u64,
    /// Bytes that no object refers to are removed once they are this old, in seconds.
    #[garde(range(min = 600, max = 2_592_000))]
    pub orphan_grace_s: u64,
    /// Hosts that files may be fetched from by address; `*.example.org` means every name below it. Empty switches it off.
    #[garde(length(max = 256))]
    pub import_hosts: Vec<String>,
    /// Private networks that those hosts may be in; public addresses need no entry.
    #[garde(length(max = 64))]
    pub import_networks: Vec<Network>,
    /// Whether files may be fetched without TLS, too.
    #[garde(skip)]
    pub import_plain_http: bool,
    /// Largest file that is fetched, in bytes.
    #[garde(range(min = 1, max = 5_497_558_138_880_u64))]
    pub import_limit_bytes: u64,
    /// Time one such fetch may take, in milliseconds; answers come later than `http.request_timeout_ms` allows others.
    #[garde(range(min = 100, max = 3_600_000))]
    pub import_timeout_ms: u64,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            store: ObjectStore::Local,
            folder: None,
            bucket: String::new(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            endpoint: String::new(),
            access_key: None,
            secret_key: None,
            path_style: false,
            workspace_limit_bytes: 10 * 1024 * 1024 * 1024,
            upload_limit_bytes: 10 * 1024 * 1024 * 1024,
            open_uploads: 100,
            upload_expiry_s: 86_400,
            upload_idle_ms: 30_000,
            minimum_free_bytes: 512 * 1024 * 1024,
            orphan_grace_s: 86_400,
            import_hosts: Vec::new(),
            import_networks: Vec::new(),
            import_plain_http: false,
            import_limit_bytes: 1024 * 1024 * 1024,
            import_timeout_ms: 300_000,
        }
    }
}
